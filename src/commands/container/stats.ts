import { defineCommand } from "../../cli/command.ts";
import type { Output } from "../../cli/output.ts";
import { listContainers } from "../../container/list.ts";
import { type MeasuredContainer, measureUsage } from "../../container/stats.ts";
import type { ContainerRecord, Engine } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import { showListing } from "../listing.ts";
import { type StatsRow, statsColumns, statsFields, statsHeadings, statsJson, statsValues } from "./stats-view.ts";
import { findTargets, targetOptions } from "./targets.ts";

export const stats = defineCommand({
  usage: "[options] [CONTAINER...]",
  summary: "Display a live stream of container resource usage statistics",
  description:
    "Display percentage of CPU, memory, network I/O, block I/O and PIDs for one or more containers. Without a cgroup of its own, a container's usage is read from its processes, and what they cannot tell is shown as --.",
  examples: [
    "dhow stats --all --no-stream",
    "dhow stats ctrID",
    'dhow stats --no-stream --format "table {{.ID}} {{.MemUsage}}" ctrID',
  ],
  options: {
    ...targetOptions,
    all: { type: "boolean", short: "a", describe: "Show all containers. Only running containers are shown by default" },
    format: { type: "string", describe: "Pretty-print container statistics to JSON or using a Go template" },
    interval: { type: "number", short: "i", default: 5, describe: "Time in seconds between stats reports" },
    "no-reset": { type: "boolean", describe: "Disable resetting the screen between intervals" },
    "no-stream": { type: "boolean", describe: "Disable streaming stats and only pull the first result" },
    "no-trunc": { type: "boolean", describe: "Do not truncate output" },
  },
  operands: { complete: "running-containers" },
  async run({ options, operands }, { engine, out }) {
    if (options.interval < 1) throw invalid("invalid interval, must be a positive number greater zero");
    if (options.all && (options.latest || operands.length > 0)) {
      throw invalid("--all, --latest and containers cannot be used together");
    }
    const named = options.latest || operands.length > 0 ? await findNamed(engine, operands, options.latest) : undefined;
    let before = new Map<string, MeasuredContainer>();
    for (;;) {
      const measured = await measureUsage(engine, named ?? (await listAll(engine, options.all)));
      const rows = measured.map((now) => ({ ...now, before: before.get(now.record.id)?.usage }));
      if (!options["no-stream"] && !options["no-reset"] && out.isTerminal) out.styled("\x1b[2J\x1b[1;1H");
      await show(out, rows, options);
      if (options["no-stream"]) return;
      before = new Map(measured.map((one) => [one.record.id, one]));
      await new Promise((resolve) => setTimeout(resolve, options.interval * 1000));
    }
  },
});

async function findNamed(engine: Engine, operands: readonly string[], latest: boolean): Promise<ContainerRecord[]> {
  const { targets, failures } = await findTargets(engine, { operands, latest });
  if (failures.length > 0) throw failures[0];
  return targets.map(({ record }) => record);
}

function listAll(engine: Engine, all: boolean): Promise<ContainerRecord[]> {
  return listContainers(engine, { filters: new Map(), all });
}

function show(
  out: Output,
  rows: readonly StatsRow[],
  { format, "no-trunc": noTrunc }: { readonly format: string | undefined; readonly "no-trunc": boolean },
): Promise<void> {
  return showListing(out, {
    name: "stats",
    dataType: "containers.containerStats",
    rows,
    format,
    noHeading: false,
    columns: statsColumns(noTrunc),
    headings: statsHeadings,
    fields: (row) => statsFields(row, noTrunc),
    json: statsJson,
    jsonIndent: 1,
    lineJson: statsValues,
  });
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
