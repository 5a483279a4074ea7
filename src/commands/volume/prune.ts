import { defineCommand } from "../../cli/command.ts";
import { confirmRemoval } from "../../cli/confirm.ts";
import { parseFilters } from "../../cli/filter.ts";
import { DhowError } from "../../errors.ts";
import type { Filters } from "../../model/filters.ts";
import { findUnusedVolumes, type PruneRequest, pruneVolumes } from "../../volume/remove.ts";

export const prune = defineCommand({
  usage: "[options]",
  summary: "Remove unused volumes",
  description:
    "Removes the volumes that no container uses; with --all=false only those that were made without a name. Asks first, unless --force is given.",
  examples: [
    "dhow volume prune",
    "dhow volume prune --all=false --filter label=stage=test",
    "dhow volume prune --dry-run",
  ],
  options: {
    all: {
      type: "boolean",
      short: "a",
      default: true,
      describe: "Remove all unused volumes, both anonymous and named",
    },
    "dry-run": { type: "boolean", describe: "Show what would be pruned without actually pruning" },
    filter: {
      type: "string",
      array: true,
      describe: "Provide filter values (e.g. 'label=<key>=<value>')",
      valueName: "stringArray",
    },
    force: { type: "boolean", short: "f", describe: "Do not prompt for confirmation" },
  },
  operands: { max: 0 },
  async run({ options }, { engine, out }) {
    const { force, "dry-run": dryRun } = options;
    const request = readRequest(parseFilters(options.filter), options.all);
    if (force && dryRun) throw invalid("--force and --dry-run cannot be used together");
    if (dryRun) {
      out.line("Volumes that would be pruned:");
      for (const { name } of findUnusedVolumes(engine, request)) out.line(name);
      return;
    }
    if (!force) {
      const names = findUnusedVolumes(engine, request).map(({ name }) => name);
      const warning = warningOf(request);
      if (names.length === 0) {
        out.line(`WARNING! ${warning}`);
        out.line(request.all ? "No dangling volumes found" : "No dangling anonymous volumes found");
        return;
      }
      if (!confirmRemoval([warning, ...names].join("\n"))) return;
    }
    for (const name of await pruneVolumes(engine, request)) out.line(name);
  },
});

/** `--filter all=...` is docker's way to say --all. */
function readRequest(filters: Filters, all: boolean): PruneRequest {
  const given = filters.get("all")?.map((value) => /^(?:true|1)$/i.test(value));
  return {
    all: given === undefined ? all : given.includes(true),
    filters: new Map([...filters].filter(([key]) => key !== "all")),
  };
}

function warningOf({ all }: PruneRequest): string {
  const which = all ? "all volumes" : "anonymous local volumes";
  return `This will remove ${which} not used by at least one container. The following volumes will be removed:`;
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
