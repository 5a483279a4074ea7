import { defineCommand } from "../../cli/command.ts";
import { parseFilters } from "../../cli/filter.ts";
import { humanSince } from "../../cli/human.ts";
import { publishedPorts } from "../../container/dependencies.ts";
import { listContainers } from "../../container/list.ts";
import type { Engine } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import { type Column, showListing } from "../listing.ts";
import {
  type ContainerRow,
  commandText,
  containerFields,
  containerJson,
  shownId,
  shownPorts,
  sizeText,
  statusText,
} from "./container-view.ts";
import { namespaceColumns, sortKeys, sortRows } from "./ps-tables.ts";

export const ps = defineCommand({
  usage: "[options]",
  summary: "List containers",
  description: "Prints out information about the containers.",
  examples: [
    "dhow ps -a",
    'dhow ps -a --format "{{.ID}}  {{.Image}}  {{.Labels}}  {{.Mounts}}"',
    "dhow ps --size --sort names",
  ],
  options: {
    all: { type: "boolean", short: "a", describe: "Show all the containers, default is only running containers" },
    external: { type: "boolean", describe: "Show containers in storage not controlled by dhow (there are none)" },
    filter: { type: "string", short: "f", array: true, describe: "Filter output based on conditions given" },
    format: { type: "string", describe: "Pretty-print containers to JSON or using a Go template" },
    last: { type: "number", short: "n", default: -1, describe: "Print the n last created containers (all states)" },
    latest: { type: "boolean", short: "l", describe: "Show the latest container created (all states)" },
    "no-trunc": { type: "boolean", describe: "Display the extended information" },
    noheading: { type: "boolean", describe: "Do not print headers" },
    ns: { type: "boolean", aliases: ["namespace"], describe: "Display namespace information" },
    pod: {
      type: "boolean",
      short: "p",
      describe: "Print the ID and name of the pod the containers are associated with",
    },
    quiet: { type: "boolean", short: "q", describe: "Print the numeric IDs of the containers only" },
    size: { type: "boolean", short: "s", describe: "Display the total file sizes" },
    sort: { type: "string", default: "created", choices: sortKeys, describe: `Sort output by: ${sortKeys.join(", ")}` },
    sync: { type: "boolean", describe: "Sync container state with OCI runtime (always done)" },
    watch: { type: "number", short: "w", default: 0, describe: "Watch the ps output on an interval in seconds" },
  },
  async run({ options, changed }, { engine, out }) {
    checkFlags(options);
    const show = async () => {
      const rows = await readRows(engine, options);
      if (options.quiet && !changed("format")) {
        for (const { record } of rows) out.line(shownId(record.id, options["no-trunc"]));
        return;
      }
      await showListing(out, listing(rows, options));
    };
    if (options.watch <= 0) return show();
    for (;;) {
      if (out.isTerminal) out.styled("\x1b[2J\x1b[1;1H");
      await show();
      await new Promise((resolve) => setTimeout(resolve, options.watch * 1000));
    }
  },
});

interface Flags {
  readonly all: boolean;
  readonly filter: readonly string[];
  readonly format: string | undefined;
  readonly last: number;
  readonly latest: boolean;
  readonly "no-trunc": boolean;
  readonly noheading: boolean;
  readonly ns: boolean;
  readonly pod: boolean;
  readonly quiet: boolean;
  readonly size: boolean;
  readonly sort: string;
  readonly watch: number;
}

function checkFlags({ last, latest, quiet, size, ns, watch }: Flags): void {
  if (last >= 0 && latest) throw invalid("last and latest are mutually exclusive");
  if (quiet && (size || ns)) throw invalid("quiet conflicts with size and namespace");
  if (size && ns) throw invalid("size and namespace options conflict");
  if (watch > 0 && latest) throw invalid("the watch and latest flags cannot be used together");
}

async function readRows(engine: Engine, flags: Flags): Promise<ContainerRow[]> {
  const last = flags.latest ? 1 : flags.last >= 0 ? flags.last : undefined;
  const records = await listContainers(engine, { filters: parseFilters(flags.filter), all: flags.all, last });
  const needsSize = flags.size || flags.sort === "size" || /\.Size\b/.test(flags.format ?? "");
  const measure = needsSize ? (await import("../../container/sizes.ts")).measureContainer : undefined;
  return sortRows(
    records.map((record) => ({
      record,
      sizes: measure?.(engine, record),
      ports: () => publishedPorts(engine, record.config),
      podName: () => podNameOf(engine, record),
    })),
    flags.sort,
  );
}

function podNameOf({ pods }: Engine, { config }: ContainerRow["record"]): string {
  return config.pod === undefined ? "" : (pods.find(config.pod.id)?.name ?? "");
}

function listing(rows: readonly ContainerRow[], flags: Flags): Parameters<typeof showListing<ContainerRow>>[1] {
  const noTrunc = flags["no-trunc"];
  return {
    name: "ps",
    dataType: "containers.psReporter",
    rows,
    format: flags.format,
    noHeading: flags.noheading,
    columns: flags.ns ? namespaceColumns(noTrunc) : usualColumns(flags),
    headings: {
      ...{ Cgroup: "CGROUPNS", CreatedHuman: "CREATED", ID: "CONTAINER ID", PIDNS: "PIDNS", Pod: "POD ID" },
      ...{
        PodName: "PODNAME",
        RunningFor: "RUNNING FOR",
        User: "USERNS",
        CreatedAt: "CREATED AT",
        ImageID: "IMAGE ID",
      },
    },
    fields: (row) => containerFields(row, { noTrunc }),
    json: containerJson,
    jsonIndent: 2,
    lineJson: containerJson,
  };
}

function usualColumns({ "no-trunc": noTrunc, pod, size }: Flags): Column<ContainerRow>[] {
  const columns: Column<ContainerRow>[] = [
    ["CONTAINER ID", ({ record }) => shownId(record.id, noTrunc)],
    ["IMAGE", ({ record }) => record.config.imageName],
    ["COMMAND", ({ record }) => commandText(record, noTrunc)],
    ["CREATED", ({ record }) => humanSince(record.createdAt)],
    ["STATUS", ({ record }) => statusText(record)],
    ["PORTS", shownPorts],
    ["NAMES", ({ record }) => record.name],
  ];
  if (pod) {
    columns.push(
      ["POD ID", ({ record }) => shownId(record.config.pod?.id ?? "", noTrunc)],
      ["PODNAME", ({ podName }) => podName()],
    );
  }
  if (size) columns.push(["SIZE", sizeText]);
  return columns;
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
