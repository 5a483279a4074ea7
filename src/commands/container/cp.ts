import { defineCommand } from "../../cli/command.ts";
import type { CopySide } from "../../container/copy/copy.ts";
import { copyFiles, copyFromArchive, copyToArchive } from "../../container/copy/copy.ts";
import { DhowError } from "../../errors.ts";

export const cp = defineCommand({
  usage: "[options] [CONTAINER:]SRC_PATH [CONTAINER:]DEST_PATH",
  summary: "Copy files/folders between a container and the local filesystem",
  description:
    "Copies between the host and a container, or between two containers, whether they run or not. With - in place of a host path a tar archive is read from stdin or written to stdout.",
  examples: [
    "dhow cp ctrID:/etc/hosts .",
    "dhow cp config/. web:/etc/app",
    "dhow cp one:/data two:/backup",
    "dhow cp ctrID:/var/log - | tar -t",
  ],
  options: {
    archive: {
      type: "boolean",
      short: "a",
      default: true,
      describe: "Give copied files to the primary uid/gid of the destination container",
    },
    overwrite: {
      type: "boolean",
      describe: "Allow to overwrite directories with non-directories and vice versa",
    },
    extract: { type: "boolean", hidden: true, describe: "Archives from stdin are always extracted" },
    pause: { type: "boolean", default: true, hidden: true, describe: "Containers need not be paused" },
    "follow-link": {
      type: "boolean",
      short: "L",
      hidden: true,
      describe: "Symbolic links that are named as the source are always followed",
    },
  },
  operands: { min: 2, max: 2, complete: "files" },
  async run({ options, operands: [from = "", to = ""] }, { engine, out }) {
    const [source, destination] = [parseSide(from), parseSide(to)];
    if (source.path === "" || destination.path === "") {
      throw invalid(`invalid arguments ${JSON.stringify(from)}, ${JSON.stringify(to)}: you must specify paths`);
    }
    if (source.container === undefined && destination.container === undefined) {
      throw invalid(
        `invalid arguments ${JSON.stringify(from)}, ${JSON.stringify(to)}: name a container on at least one side`,
      );
    }
    for (const { container } of [source, destination]) {
      if (container !== undefined && !engine.containers.find(container)) {
        throw new DhowError(`container ${JSON.stringify(container)} does not exist`, { kind: "not-found" });
      }
    }
    const choices = { keepOwners: !options.archive, overwrite: options.overwrite };
    if (isStream(destination)) {
      await copyToArchive(engine, source, async (chunk) => out.write(chunk));
      return;
    }
    const warnings = isStream(source)
      ? await copyFromArchive(engine, process.stdin, destination, choices)
      : await copyFiles(engine, { source, destination }, choices);
    for (const warning of warnings) out.warn(warning);
  },
});

/** `CONTAINER:PATH`; what begins with a dot or a slash is a path of the host, colons and all. */
function parseSide(text: string): CopySide {
  const colon = text.indexOf(":");
  if (colon < 0 || text.startsWith(".") || text.startsWith("/")) return { container: undefined, path: text };
  return { container: text.slice(0, colon), path: text.slice(colon + 1) };
}

function isStream({ container, path }: CopySide): boolean {
  return container === undefined && path === "-";
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
