import { defineCommand } from "../../cli/command.ts";
import { isTerminal } from "../../cli/output.ts";
import { exportContainer } from "../../container/export.ts";
import { DhowError } from "../../errors.ts";

export const exportCommand = defineCommand({
  usage: "[options] CONTAINER",
  summary: "Export container's filesystem contents as a tar archive",
  description:
    "Writes the whole file system of a container, as a tar archive, to stdout or to a file. Volumes and other mounts of the container are not part of it.",
  examples: ['dhow export --output="myCtr.tar" ctrID', "dhow export ctrID > myCtr.tar"],
  options: {
    output: {
      type: "string",
      short: "o",
      describe: "Write to a specified file (default: stdout, which must be redirected)",
      valueName: "file",
      complete: "files",
    },
  },
  operands: { min: 1, max: 1, complete: "containers" },
  async run({ options: { output }, operands: [container = ""] }, { engine }) {
    if (output === undefined && isTerminal(1)) {
      throw new DhowError("refusing to export to terminal. Use -o flag or redirect", { kind: "invalid-argument" });
    }
    await exportContainer(engine, container.replace(/^\//, ""), output);
  },
});
