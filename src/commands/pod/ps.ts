import { defineCommand } from "../../cli/command.ts";
import { parseFilters } from "../../cli/filter.ts";
import type { Engine } from "../../engine.ts";
import { describePod, getLatestPod, type ListedPod, listPods } from "../../pod/list.ts";
import { isJsonFormat, showListing } from "../listing.ts";
import { podColumns, podFields, podHeadings, podJson, sortPods } from "./pod-view.ts";
import { invalid, latestOption } from "./targets.ts";

export const ps = defineCommand({
  usage: "[options]",
  summary: "List pods",
  description: "List all pods on system including their names, ids and current state.",
  options: {
    ...latestOption,
    "ctr-ids": {
      type: "boolean",
      describe: "Display the container UUIDs. If no-trunc is not set they will be truncated",
    },
    "ctr-names": { type: "boolean", describe: "Display the container names" },
    "ctr-status": { type: "boolean", describe: "Display the container status" },
    filter: { type: "string", short: "f", array: true, describe: "Filter output based on conditions given" },
    format: { type: "string", describe: "Pretty-print pods to JSON or using a Go template" },
    "no-trunc": { type: "boolean", describe: "Do not truncate pod and container IDs" },
    noheading: { type: "boolean", short: "n", describe: "Do not print headers" },
    ns: { type: "boolean", aliases: ["namespace"], describe: "Display namespace information of the pod" },
    quiet: { type: "boolean", short: "q", describe: "Print the numeric IDs of the pods only" },
    sort: {
      type: "string",
      default: "created",
      describe: "Sort output by created, id, name, or number",
    },
  },
  operands: { max: 0 },
  async run({ options }, { engine, out }) {
    const { format, quiet } = options;
    if (quiet && format !== undefined && format !== "") throw invalid("quiet and format cannot be used together");
    const rows = sortPods(await findRows(engine, options), options.sort);
    if (quiet && !(format !== undefined && isJsonFormat(format))) {
      for (const { pod } of rows) out.line(pod.id);
      return;
    }
    await showListing(out, {
      name: "ps",
      dataType: "pods.ListPodReporter",
      rows,
      format,
      noHeading: options.noheading,
      columns: podColumns(options),
      headings: podHeadings,
      fields: (row) => podFields(row, options),
      json: podJson,
      jsonIndent: 2,
    });
  },
});

async function findRows(
  engine: Engine,
  { latest, filter }: { readonly latest: boolean; readonly filter: readonly string[] },
): Promise<ListedPod[]> {
  const filters = parseFilters(filter);
  return latest ? [await describePod(engine, getLatestPod(engine))] : listPods(engine, filters);
}
