import { readNamespaces } from "../container/namespace-ids.ts";
import { type ProcessTable, processHeadings, showProcesses } from "../container/processes/top.ts";
import { isRunning } from "../container/state.ts";
import type { Engine } from "../engine.ts";
import { isKind } from "../errors.ts";
import { describePod } from "./list.ts";

/**
 * What runs in the containers of a pod, container by container; those that share a PID namespace are shown once.
 * @throws {DhowError} `not-found`; what ps says.
 */
export async function showPodProcesses(
  engine: Engine,
  nameOrId: string,
  columns: readonly string[],
): Promise<ProcessTable> {
  const { containers } = await describePod(engine, engine.pods.get(nameOrId));
  const shown = new Set<string>();
  const rows: (readonly string[])[] = [];
  let text = "";
  for (const container of containers.filter(({ state }) => isRunning(state))) {
    const namespace = readNamespaces(container).Pidns;
    if (shown.has(namespace)) continue;
    shown.add(namespace);
    const table = await tryShow(engine, container.id, columns);
    if (table?.kind === "text") text += text === "" ? table.text : table.text.replace(/^.*\n/, "");
    else if (table) rows.push(...table.rows.slice(1));
  }
  if (text !== "") return { kind: "text", text };
  return { kind: "table", rows: [processHeadings(columns), ...rows] };
}

/** A container may end while we look. */
async function tryShow(engine: Engine, id: string, columns: readonly string[]): Promise<ProcessTable | undefined> {
  try {
    return await showProcesses(engine, id, columns);
  } catch (error) {
    if (isKind(error, "conflict") || isKind(error, "not-found")) return undefined;
    throw error;
  }
}
