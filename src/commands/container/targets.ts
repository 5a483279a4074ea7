import { readFileSync } from "node:fs";
import type { OptionTable } from "../../cli/command.ts";
import { parseFilters } from "../../cli/filter.ts";
import { listContainers } from "../../container/list.ts";
import { refreshContainers } from "../../container/refresh.ts";
import type { ContainerRecord, Engine } from "../../engine.ts";
import { DhowError, errnoOf, isKind } from "../../errors.ts";

/** Flags by which a command names containers besides its operands. */
export const targetOptions = {
  latest: { type: "boolean", short: "l", describe: "Act on the latest container dhow is aware of" },
} as const satisfies OptionTable;

export const cidFileOption = {
  cidfile: { type: "string", array: true, describe: "Read the container ID from the file", complete: "files" },
} as const satisfies OptionTable;

export const filterOption = {
  filter: { type: "string", array: true, short: "f", describe: "Filter output based on conditions given" },
} as const satisfies OptionTable;

export const stopTimeOption = {
  time: {
    type: "number",
    short: "t",
    aliases: ["timeout"],
    describe: "Seconds to wait for stop before killing the container (default 10)",
    valueName: "int",
  },
} as const satisfies OptionTable;

/** A container that was asked for, and the word that named it: results repeat that word, as podman's do. */
export interface Target {
  readonly record: ContainerRecord;
  readonly shown: string;
}

export interface TargetRequest {
  readonly operands: readonly string[];
  readonly all?: boolean;
  readonly latest?: boolean;
  readonly cidfile?: readonly string[];
  readonly filter?: readonly string[];
  /** Containers that do not exist are passed over. */
  readonly ignore?: boolean;
  /** Filters may stand beside names, and choose among them. */
  readonly narrow?: boolean;
}

/** The targets that exist, and a failure for each that does not. */
export interface Targets {
  readonly targets: readonly Target[];
  readonly failures: readonly unknown[];
}

/** @throws {DhowError} `invalid-argument` if the ways to name containers contradict each other, or none is used. */
export async function findTargets(engine: Engine, request: TargetRequest): Promise<Targets> {
  const { operands, all = false, latest = false, cidfile = [], filter = [], ignore = false } = request;
  checkRequest(request);
  const selected = all || filter.length > 0 || latest ? await selectRecords(engine, { filter, latest }) : undefined;
  if (selected && operands.length === 0) {
    return { targets: selected.map((record) => ({ record, shown: record.id })), failures: [] };
  }
  const words = [...operands.map((word) => word.replace(/^\//, "")), ...readIdFiles(cidfile, ignore)];
  const targets: Target[] = [];
  const failures: unknown[] = [];
  for (const shown of words) {
    try {
      targets.push({ record: await getRefreshed(engine, shown), shown });
    } catch (error) {
      if (!(ignore && isKind(error, "not-found"))) failures.push(error);
    }
  }
  const chosen = selected && new Set(selected.map(({ id }) => id));
  return { targets: chosen ? targets.filter(({ record }) => chosen.has(record.id)) : targets, failures };
}

async function getRefreshed(engine: Engine, nameOrId: string): Promise<ContainerRecord> {
  const [record] = await refreshContainers(engine, [engine.containers.get(nameOrId)]);
  // Refreshing may have removed it.
  return record ?? engine.containers.get(nameOrId);
}

/** The one container that a command is about. */
export async function findTarget(engine: Engine, request: Pick<TargetRequest, "operands" | "latest">): Promise<Target> {
  const { targets, failures } = await findTargets(engine, request);
  if (failures.length > 0) throw failures[0];
  const [target] = targets;
  if (!target) throw invalid("no containers found");
  return target;
}

/**
 * Does something to each target, going on after failures.
 * @throws The failures, those of `found` first.
 */
export async function forEachTarget(found: Targets, act: (target: Target) => Promise<void>): Promise<void> {
  const failures = [...found.failures];
  for (const target of found.targets) {
    try {
      await act(target);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures);
}

function checkRequest({ operands, all, latest, cidfile = [], filter = [], narrow }: TargetRequest): void {
  const named = operands.length > 0 || cidfile.length > 0;
  if (all && latest) throw invalid("--all and --latest cannot be used together");
  if (all && operands.length > 0) throw invalid("no arguments are needed with --all");
  if (all && cidfile.length > 0) throw invalid("--all, --latest, and --cidfile cannot be used together");
  if (latest && named) throw invalid("--latest and containers cannot be used together");
  if (filter.length > 0 && operands.length > 0 && !narrow) throw invalid("--filter takes no arguments");
  if (!named && !all && !latest && filter.length === 0) {
    throw invalid("you must provide at least one name or id");
  }
}

async function selectRecords(
  engine: Engine,
  { filter, latest }: { readonly filter: readonly string[]; readonly latest: boolean },
): Promise<ContainerRecord[]> {
  const records = await listContainers(engine, {
    filters: parseFilters(filter),
    all: true,
    last: latest ? 1 : undefined,
  });
  if (latest && records.length === 0) throw new DhowError("no containers: no such container", { kind: "not-found" });
  return records;
}

function readIdFiles(paths: readonly string[], ignore: boolean): string[] {
  return paths.flatMap((path) => {
    const text = readIfExists(path);
    if (text !== undefined) return [text.split("\n", 1)[0] ?? ""];
    if (ignore) return [];
    throw new DhowError(`reading CIDFile: open ${path}: no such file or directory`, { kind: "not-found" });
  });
}

function readIfExists(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if (errnoOf(cause) === "ENOENT") return undefined;
    throw new DhowError(`reading CIDFile: cannot read ${path}`, { kind: "permission-denied", cause });
  }
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
