import { defineCommand } from "../../cli/command.ts";
import { isKind } from "../../errors.ts";
import { removeList } from "../../image/manifest-list/remove.ts";
import { collectImageGarbage } from "../../image/remove.ts";

export const rm = defineCommand({
  usage: "[options] LIST [LIST...]",
  summary: "Remove manifest lists or image indexes from local storage",
  description: "Removes one or more locally stored manifest lists. The images that they name stay.",
  examples: ["dhow manifest rm mylist:v1.11"],
  options: {
    ignore: { type: "boolean", short: "i", describe: "Ignore errors when a specified manifest is missing" },
  },
  operands: { min: 1, complete: "images" },
  run({ options, operands }, { engine, out }) {
    const failures: unknown[] = [];
    for (const name of operands) {
      try {
        const { untagged, deleted } = removeList(engine, engine.manifestLists.get(name));
        for (const each of untagged) out.line(`Untagged: ${each}`);
        for (const id of deleted) out.line(`Deleted: ${id}`);
      } catch (error) {
        if (!options.ignore || !isKind(error, "not-found")) failures.push(error);
      }
    }
    collectImageGarbage(engine);
    if (failures.length > 0) throw new AggregateError(failures);
  },
});
