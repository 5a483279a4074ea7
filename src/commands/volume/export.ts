import { closeSync, openSync } from "node:fs";
import { defineCommand } from "../../cli/command.ts";
import { isVolumeUsed } from "../../container/volume-users.ts";
import { DhowError, errnoOf } from "../../errors.ts";
import { exportVolume } from "../../volume/archive.ts";

const stdout = 1;

export const exportCommand = defineCommand({
  usage: "[options] VOLUME",
  summary: "Write the content of a volume to a tar archive",
  description: "Writes all that is in a volume to a tar archive, on stdout or in a file.",
  examples: ["dhow volume export myvol --output myvol.tar", "dhow volume export myvol | gzip > myvol.tar.gz"],
  options: {
    output: {
      type: "string",
      short: "o",
      describe: "Write to a specified file (default: stdout, which must be redirected)",
      complete: "files",
    },
  },
  operands: { min: 1, max: 1, complete: "volumes" },
  async run({ options: { output }, operands: [volume = ""] }, { engine, out }) {
    if (output === "") throw invalid("must provide valid path for file to write to");
    if (output === undefined && out.isTerminal)
      throw invalid("cannot write to terminal, use command-line redirection or the --output flag");
    const { name } = engine.volumes.get(volume);
    const fd = output === undefined ? stdout : openOutput(output);
    try {
      await exportVolume(engine, name, { fd, isUsed: (used) => isVolumeUsed(engine, used) });
    } finally {
      if (fd !== stdout) closeSync(fd);
    }
  },
});

function openOutput(path: string): number {
  try {
    return openSync(path, "w", 0o644);
  } catch (cause) {
    throw new DhowError(`unable to create target file path ${JSON.stringify(path)}: ${errnoOf(cause)}`, {
      kind: "invalid-argument",
      cause,
    });
  }
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
