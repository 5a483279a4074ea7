import { defineCommand } from "../../cli/command.ts";
import { parseFilters } from "../../cli/filter.ts";
import { humanSince } from "../../cli/human.ts";
import type { Engine } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import { type ImageRow, type ImageSortKey, imageSortKeys, listImages } from "../../image/list.ts";
import type { Filters } from "../../model/filters.ts";
import { type Column, showListing } from "../listing.ts";
import { type ImageViewOptions, imageFields, imageJson, spacedSize } from "./image-view.ts";

export const ls = defineCommand({
  usage: "[options] [IMAGE]",
  summary: "List images in local storage",
  description: "Lists images previously pulled to the system or created on the system.",
  examples: [
    "dhow images --format json",
    'dhow images --sort repository --format "table {{.ID}} {{.Repository}} {{.Tag}}"',
    "dhow images --filter dangling=true",
  ],
  options: {
    all: { type: "boolean", short: "a", describe: "Show all images (default hides intermediate images)" },
    digests: { type: "boolean", describe: "Show digests" },
    filter: { type: "string", short: "f", array: true, describe: "Filter output based on conditions provided" },
    format: { type: "string", describe: "Change the output format to JSON or a Go template" },
    history: { type: "boolean", describe: "Display the image name history" },
    "no-trunc": { type: "boolean", describe: "Do not truncate output" },
    noheading: { type: "boolean", short: "n", describe: "Do not print column headings" },
    quiet: { type: "boolean", short: "q", describe: "Display only image IDs" },
    sort: { type: "string", default: "created", describe: `Sort by ${imageSortKeys.join(", ")}` },
    tree: { type: "boolean", describe: "List multi-platform images as a tree, with what they take on the disk" },
  },
  operands: { max: 1, complete: "images" },
  async run({ options, operands, changed }, { engine, out }) {
    const { rows, relations } = await listImages(engine, {
      filters: readFilters(options.filter, operands[0]),
      sort: readSortKey(options.sort),
      all: options.all,
    });
    const view: ImageViewOptions = {
      noTrunc: options["no-trunc"],
      countContainers: containerCounter(engine),
      relations,
      namesHistory: (id) => engine.images.namesHistory(id),
    };
    if (options.tree) {
      refuseWithTree(["digests", "format", "history", "no-trunc", "quiet"].filter((name) => changed(name as "format")));
      const { showImageTree } = await import("./image-list-tree.ts");
      showImageTree(out, engine, rows, { ...view, noHeading: options.noheading });
      return;
    }
    const shownId = (row: ImageRow) => (view.noTrunc ? `sha256:${row.image.id}` : row.image.id.slice(0, 12));
    if (options.quiet && !changed("format")) {
      for (const id of new Set(rows.map(shownId))) out.line(id);
      return;
    }
    await showListing(out, {
      name: "images",
      dataType: "images.imageReporter",
      rows,
      format: options.format,
      noHeading: options.noheading,
      columns: columns({ ...options, readOnly: rows.some(({ image }) => image.readOnly) }, shownId, view),
      headings: { ID: "IMAGE ID", ReadOnly: "R/O" },
      fields: (row) => imageFields(row, view),
      json: (row) => imageJson(row, view),
      jsonIndent: 4,
    });
  },
});

interface ColumnChoice {
  readonly digests: boolean;
  readonly history: boolean;
  readonly readOnly: boolean;
}

function columns(
  { digests, history, readOnly }: ColumnChoice,
  shownId: (row: ImageRow) => string,
  view: ImageViewOptions,
): Column<ImageRow>[] {
  const hidden = new Set([
    ...(digests ? [] : ["DIGEST"]),
    ...(history ? [] : ["HISTORY"]),
    ...(readOnly ? [] : ["R/O"]),
  ]);
  const all: Column<ImageRow>[] = [
    ["REPOSITORY", ({ repository }) => repository ?? "<none>"],
    ["TAG", ({ tag }) => tag ?? "<none>"],
    ["DIGEST", ({ image }) => image.manifestDigest],
    ["IMAGE ID", shownId],
    ["CREATED", ({ image }) => humanSince(image.createdAt)],
    ["SIZE", ({ image }) => spacedSize(image.sizeBytes)],
    ["HISTORY", ({ image }) => view.namesHistory(image.id).join(", ") || "<none>"],
    ["R/O", ({ image }) => String(image.readOnly)],
  ];
  return all.filter(([heading]) => !hidden.has(heading));
}

/** An operand is a filter for names. */
function readFilters(values: readonly string[], operand: string | undefined): Filters {
  if (operand === undefined) return parseFilters(values, "image");
  if (values.length > 0) throw invalid("cannot specify an image and a filter(s)");
  return new Map([["reference", [operand]]]);
}

/** The tree has columns of its own. */
function refuseWithTree([flag]: readonly string[]): void {
  if (flag !== undefined) throw invalid(`--${flag} is not supported with --tree`);
}

function readSortKey(text: string): ImageSortKey {
  const key = imageSortKeys.find((each) => each === text);
  if (key) return key;
  throw invalid(`${JSON.stringify(text)} is not a valid field for sorting. Choose from: ${imageSortKeys.join(", ")}`);
}

/** Counts the containers of each image, when first asked. */
function containerCounter({ containers }: Pick<Engine, "containers">): (id: string) => number {
  let counts: ReadonlyMap<string, number> | undefined;
  return (id) => {
    counts ??= containers.countByImage();
    return counts.get(id) ?? 0;
  };
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
