import { defineCommand } from "../../cli/command.ts";
import { humanSince, humanSize } from "../../cli/human.ts";
import { findImage } from "../../image/find.ts";
import { type HistoryRow, historyOf } from "../../image/history.ts";
import { showListing } from "../listing.ts";
import { platformOption, readPlatform } from "./platform-option.ts";

const missing = "<missing>";
const longestText = 45;

export const history = defineCommand({
  usage: "[options] IMAGE",
  summary: "Show history of a specified image",
  description:
    "Displays the history of an image. The information can be printed out in an easy to read format, or user specified format, and can be truncated.",
  examples: ["dhow history quay.io/fedora/fedora"],
  options: {
    format: { type: "string", describe: "Change the output to JSON or a Go template" },
    human: { type: "boolean", short: "H", default: true, describe: "Display sizes and dates in human readable format" },
    "no-trunc": { type: "boolean", describe: "Do not truncate the output" },
    ...platformOption,
    quiet: { type: "boolean", short: "q", describe: "Display the numeric IDs only" },
  },
  operands: { min: 1, max: 1, complete: "images" },
  async run({ options, operands: [name = ""] }, { engine, out }) {
    const rows = historyOf(engine, await findImage(engine, name, readPlatform(options.platform)));
    const view = historyView(options["no-trunc"], options.human);
    if (options.quiet) {
      for (const row of rows) out.line(view.id(row));
      return;
    }
    await showListing(out, {
      name: "history",
      dataType: "images.historyReporter",
      rows,
      format: options.format,
      noHeading: false,
      columns: [
        ["ID", view.id],
        ["CREATED", view.created],
        ["CREATED BY", view.createdBy],
        ["SIZE", view.size],
        ["COMMENT", ({ comment }) => comment],
      ],
      headings: { CreatedBy: "CREATED BY", CreatedSince: "CREATED SINCE", CreatedAt: "CREATED AT" },
      fields: (row) => ({
        ID: view.id(row),
        Created: view.created(row),
        CreatedSince: row.createdAt ? humanSince(row.createdAt) : "",
        CreatedAt: instant(row),
        CreatedBy: view.createdBy(row),
        Size: view.size(row),
        Comment: row.comment,
        Tags: row.tags,
      }),
      json: historyJson,
      jsonIndent: 0,
    });
  },
});

function historyView(noTrunc: boolean, human: boolean) {
  return {
    id: ({ id }: HistoryRow) => (id === undefined ? missing : noTrunc ? id : id.slice(0, 12)),
    created: (row: HistoryRow) => (human ? (row.createdAt ? humanSince(row.createdAt) : "") : instant(row)),
    createdBy: ({ createdBy }: HistoryRow) =>
      noTrunc || createdBy.length <= longestText ? createdBy : `${createdBy.slice(0, longestText - 3)}...`,
    size: ({ sizeBytes }: HistoryRow) =>
      human ? humanSize(sizeBytes).replace(/(\d)([a-z]*B)$/i, "$1 $2") : String(sizeBytes),
  };
}

function historyJson({ id, createdAt, createdBy, sizeBytes, comment, tags }: HistoryRow): object {
  return {
    id: id ?? missing,
    created: createdAt?.toISOString() ?? null,
    CreatedBy: createdBy,
    ...(tags.length > 0 ? { tags } : {}),
    size: sizeBytes,
    comment,
  };
}

/** RFC 3339 with whole seconds. */
function instant({ createdAt }: HistoryRow): string {
  return createdAt === undefined ? "" : `${createdAt.toISOString().slice(0, 19)}Z`;
}
