import { defineCommand } from "../../cli/command.ts";
import { showVolume } from "../../volume/use.ts";

export const mount = defineCommand({
  usage: "VOLUME",
  summary: "Mount a volume and print where its data is",
  description:
    "Prints where the data of a volume is, and keeps it mounted if it is one that has to be mounted (with options such as type=tmpfs): only inside of 'dhow unshare' can such a mount be seen.",
  examples: ["dhow volume mount myvol", "dhow unshare sh -c 'ls $(dhow volume mount scratch)'"],
  options: {},
  operands: { min: 1, max: 1, complete: "volumes" },
  async run({ operands: [name = ""] }, { engine, out }) {
    out.line(await showVolume(engine, name));
  },
});
