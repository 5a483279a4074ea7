import { defineCommand } from "../../cli/command.ts";
import { removeFromList } from "../../image/manifest-list/change.ts";

export const remove = defineCommand({
  usage: "LIST DIGEST",
  summary: "Remove an item from a manifest list or image index",
  description: "Removes the item with the given digest from a manifest list. The image itself stays.",
  examples: [
    "dhow manifest remove mylist:v1.11 sha256:15352d97781ffdf357bf3459c037be3efac4133dc9070c2dce7eca7c05c3e736",
  ],
  options: {},
  operands: { min: 2, max: 2, complete: "images" },
  run({ operands: [list = "", digest = ""] }, { engine, out }) {
    out.line(removeFromList(engine, list, digest).id);
  },
});
