import { defineCommand } from "../../cli/command.ts";
import { isTerminal } from "../../cli/output.ts";
import { exportContainer } from "../../container/export.ts";
import { DhowError } from "../../errors.ts";
import { openOutputFile } from "../output-file.ts";

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
  async run({ options, operands: [container = ""] }, { engine, out }) {
    const name = container.replace(/^\//, "");
    if (options.output === undefined) {
      if (isTerminal(1)) {
        throw new DhowError("refusing to export to terminal. Use -o flag or redirect", { kind: "invalid-argument" });
      }
      return exportContainer(engine, name, out.write);
    }
    engine.containers.get(name);
    using file = openOutputFile(options.output);
    await exportContainer(engine, name, file.write);
    file.publish();
  },
});
