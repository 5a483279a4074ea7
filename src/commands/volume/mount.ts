import { defineCommand } from "../../cli/command.ts";
import { visiblePaths } from "../../container/visible-mounts.ts";
import { mountVolume } from "../../volume/use.ts";

export const mount = defineCommand({
  usage: "VOLUME",
  summary: "Mount a volume and print where its data is",
  description:
    "Prints where the data of a volume is, and keeps it mounted if it is one that has to be mounted (with options such as type=tmpfs). Inside of 'dhow unshare' mounts and files of all owners can be seen.",
  examples: ["dhow unshare sh -c 'ls $(dhow volume mount scratch)'"],
  options: {},
  operands: { min: 1, max: 1, complete: "volumes" },
  async run({ operands: [name = ""] }, { engine, out }) {
    const show = visiblePaths("volume mount");
    out.line(show(await mountVolume(engine, name)));
  },
});
