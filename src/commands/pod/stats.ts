import { defineCommand } from "../../cli/command.ts";
import type { Output } from "../../cli/output.ts";
import { isRunning } from "../../container/state.ts";
import { type MeasuredContainer, measureUsage } from "../../container/stats.ts";
import type { ContainerRecord, Engine, PodRecord } from "../../engine.ts";
import { podStatsValues, type StatsRow } from "../container/stats-view.ts";
import { type Column, showListing } from "../listing.ts";
import { findPods, invalid, latestOption } from "./targets.ts";

const intervalMs = 1000;

export const stats = defineCommand({
  usage: "[options] [POD...]",
  summary: "Display a live stream of resource usage statistics for the containers in one or more pods",
  description:
    "Display the containers' resource-usage statistics of one or more running pod. Without a cgroup of its own, a container's usage is read from its processes, and what they cannot tell is shown as --.",
  examples: ["dhow pod stats", "dhow pod stats a69b23034235 named-pod", "dhow pod stats --all"],
  options: {
    ...latestOption,
    all: { type: "boolean", short: "a", describe: "Provide stats for all pods" },
    format: { type: "string", describe: "Pretty-print container statistics to JSON or using a Go template" },
    "no-reset": { type: "boolean", describe: "Disable resetting the screen when streaming" },
    "no-stream": { type: "boolean", describe: "Disable streaming stats and only pull the first result" },
  },
  operands: { complete: "pods" },
  async run({ options, operands }, { engine, out }) {
    const ways = [operands.length > 0, options.all, options.latest].filter(Boolean).length;
    if (ways > 1) throw invalid("--all, --latest and arguments cannot be used together");
    const chosen = ways === 0 || options.all ? undefined : findPods(engine, { ...options, operands });
    let before = new Map<string, MeasuredContainer>();
    for (;;) {
      const measured = await measureUsage(engine, membersOf(engine, chosen ?? engine.pods.list()));
      const running = measured.filter(({ record }) => isRunning(record.state));
      if (!options["no-stream"] && !options["no-reset"] && out.isTerminal) out.styled("\x1b[2J\x1b[1;1H");
      await show(
        out,
        running.map((now) => ({ ...now, before: before.get(now.record.id)?.usage })),
        options.format,
      );
      if (options["no-stream"]) return;
      before = new Map(running.map((one) => [one.record.id, one]));
      await new Promise((resolve) => setTimeout(resolve, intervalMs));
    }
  },
});

function membersOf({ containers }: Engine, pods: readonly PodRecord[]): ContainerRecord[] {
  return pods.flatMap(({ id }) => containers.listOfPod(id));
}

type Values = ReturnType<typeof podStatsValues>;

const column = (heading: string, name: keyof Values): Column<StatsRow> => [heading, (row) => podStatsValues(row)[name]];

const columns: readonly Column<StatsRow>[] = [
  column("POD", "Pod"),
  column("CID", "CID"),
  column("NAME", "Name"),
  column("CPU %", "CPU"),
  column("MEM USAGE/ LIMIT", "MemUsage"),
  column("MEM %", "Mem"),
  column("NET IO", "NetIO"),
  column("BLOCK IO", "BlockIO"),
  column("PIDS", "PIDS"),
];

function show(out: Output, rows: readonly StatsRow[], format: string | undefined): Promise<void> {
  return showListing(out, {
    name: "stats",
    dataType: "types.PodStatsReport",
    rows,
    format,
    noHeading: false,
    columns,
    headings: { CPU: "CPU %", MemUsage: "MEM USAGE/ LIMIT", MemUsageBytes: "MEM USAGE/ LIMIT", Mem: "MEM %" },
    fields: podStatsValues,
    json: podStatsValues,
    jsonIndent: 5,
  });
}
