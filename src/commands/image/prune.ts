import { defineCommand } from "../../cli/command.ts";
import { confirmRemoval } from "../../cli/confirm.ts";
import { parseFilters } from "../../cli/filter.ts";
import { pruneImages } from "../../image/prune.ts";
import { prepareForRemoval } from "../../upkeep/prune.ts";

export const prune = defineCommand({
  usage: "[options]",
  summary: "Remove unused images",
  description: "Removes dangling or unused images from local storage, and what nothing needs any more on the disk.",
  examples: ["dhow image prune", "dhow image prune --all --force --filter until=24h"],
  options: {
    all: {
      type: "boolean",
      short: "a",
      describe: "Remove all images not in use by containers, not just dangling ones",
    },
    external: {
      type: "boolean",
      describe: "Remove images even when they are used by external containers: dhow has none",
    },
    filter: { type: "string", array: true, describe: "Provide filter values (e.g. 'label=<key>=<value>')" },
    force: { type: "boolean", short: "f", describe: "Do not prompt for confirmation" },
  },
  operands: { max: 0 },
  async run({ options }, { engine, out }) {
    const filters = parseFilters(options.filter, "image");
    const what = options.all
      ? "This command removes all images without at least one container associated with them."
      : "This command removes all dangling images.";
    if (!options.force && !confirmRemoval(what)) return;
    prepareForRemoval(engine);
    const { ids } = await pruneImages(engine, { all: options.all, filters });
    for (const id of ids) out.line(id);
  },
});
