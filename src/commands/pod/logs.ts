import { defineCommand } from "../../cli/command.ts";
import type { ContainerRecord } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import { describePod } from "../../pod/list.ts";
import { logOptions, showLogs } from "../container/show-logs.ts";
import { findPods, invalid, latestOption } from "./targets.ts";

export const logs = defineCommand({
  usage: "[options] POD",
  summary: "Fetch logs for pod with one or more containers",
  description: "Displays logs for a pod with one or more containers.",
  examples: [
    "dhow pod logs podID",
    "dhow pod logs -c ctrname podName",
    "dhow pod logs --tail 2 mywebserver",
    "dhow pod logs --follow=true --since 10m podID",
  ],
  options: {
    ...latestOption,
    ...logOptions,
    container: {
      type: "string",
      short: "c",
      describe: "Filter logs by container name or id which belongs to pod",
      complete: "containers",
    },
  },
  operands: { interspersed: false, complete: "pods" },
  async run({ options, operands }, { engine }) {
    if (operands.length > 1) throw invalid("requires exactly 1 arg");
    if (options.latest && operands.length > 0) throw invalid("--latest and pods cannot be used together");
    if (!options.latest && operands.length === 0) throw invalid("specify at least one pod name or ID to log");
    const [pod] = findPods(engine, { ...options, operands });
    if (!pod) return;
    const { containers } = await describePod(engine, pod);
    const { container } = options;
    await showLogs(
      engine,
      container === undefined ? containers : [findMember(containers, container, operands[0] ?? pod.name)],
      options,
    );
  },
});

function findMember(containers: readonly ContainerRecord[], nameOrId: string, pod: string): ContainerRecord {
  const found = containers.find(({ id, name }) => id === nameOrId || name === nameOrId);
  if (found) return found;
  throw new DhowError(`container ${nameOrId} is not in pod ${pod}: no such container`, { kind: "not-found" });
}
