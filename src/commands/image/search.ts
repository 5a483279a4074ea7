import { defineCommand } from "../../cli/command.ts";
import { registryOptions } from "../../cli/options/registry.ts";
import { DhowError } from "../../errors.ts";
import { readRegistryFlags } from "../../image/registry-flags.ts";
import { parseSearchFilter, type SearchRow, searchImages, searchTags } from "../../image/search.ts";
import { type Column, isJsonFormat, showListing } from "../listing.ts";

const longestDescription = 44;

export const search = defineCommand({
  usage: "[options] TERM",
  summary: "Search registries for images",
  description:
    "Searches the registries of registries.conf (unqualified-search-registries), else docker.io, or the registry that the term begins with, as in registry.example/term. A term that ends with '/' lists all that the registry has.",
  examples: [
    "dhow search --filter=is-official --limit 3 alpine",
    "dhow search registry.example/",
    "dhow search --list-tags registry.example/team/app",
  ],
  options: {
    ...registryOptions,
    compatible: { type: "boolean", describe: "List stars, official and automated columns (Docker compatibility)" },
    filter: { type: "string", short: "f", array: true, describe: "Filter output: stars=N, is-official, is-automated" },
    format: { type: "string", describe: "Change the output format to JSON or a Go template" },
    limit: { type: "number", describe: "Limit the number of results of each registry (default 25)" },
    "list-tags": { type: "boolean", describe: "List the tags of the input registry" },
    "no-trunc": { type: "boolean", describe: "Do not truncate the output" },
  },
  operands: { min: 1, max: 1, complete: "none" },
  needsNamespace: false,
  async run({ options, operands: [term = ""], changed }, { out }) {
    const listsTags = options["list-tags"];
    if (listsTags && options.filter.length > 0) {
      throw new DhowError("filters are not applicable to list tags result", { kind: "invalid-argument" });
    }
    const settings = {
      ...readRegistryFlags(options, changed("tls-verify")),
      limit: options.limit,
      filter: parseSearchFilter(options.filter),
    };
    const rows = listsTags ? await searchTags(term, settings) : await searchImages(term, settings);
    if (rows.length === 0) return;
    const { format } = options;
    if (format !== undefined && isJsonFormat(format) && listsTags) {
      out.line(JSON.stringify([{ Name: rows[0]?.name, Tags: rows.map(({ tag }) => tag) }], undefined, 4));
      return;
    }
    await showListing(out, {
      name: "search",
      dataType: "entities.ImageSearchReport",
      rows: options["no-trunc"] || (format !== undefined && isJsonFormat(format)) ? rows : rows.map(truncate),
      format,
      noHeading: false,
      columns: listsTags ? tagColumns : imageColumns(options.compatible),
      headings: {},
      fields,
      json: fields,
      jsonIndent: 4,
    });
  },
});

const tagColumns: readonly Column<SearchRow>[] = [
  ["NAME", ({ name }) => name],
  ["TAG", ({ tag }) => tag],
];

function imageColumns(isCompatible: boolean): readonly Column<SearchRow>[] {
  const all: Column<SearchRow>[] = [
    ["NAME", ({ name }) => name],
    ["DESCRIPTION", ({ description }) => oneLine(description)],
    ["STARS", ({ stars }) => String(stars)],
    ["OFFICIAL", ({ isOfficial }) => mark(isOfficial)],
    ["AUTOMATED", ({ isAutomated }) => mark(isAutomated)],
  ];
  return isCompatible ? all : all.slice(0, 2);
}

function fields(row: SearchRow): object {
  return {
    Index: row.index,
    Name: row.name,
    Description: oneLine(row.description),
    Stars: row.stars,
    Official: mark(row.isOfficial),
    Automated: mark(row.isAutomated),
    Tag: row.tag,
  };
}

/** Descriptions come from anywhere: neither lines nor control characters get out. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
}

function truncate(row: SearchRow): SearchRow {
  const text = oneLine(row.description);
  return text.length <= longestDescription
    ? row
    : { ...row, description: `${text.slice(0, longestDescription).trim()}...` };
}

function mark(is: boolean): string {
  return is ? "[OK]" : "";
}
