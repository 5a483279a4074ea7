import { readlinkSync } from "node:fs";
import type { OptionTable } from "../../cli/command.ts";
import { DhowError } from "../../errors.ts";

export const inheritedFdOptions = {
  "preserve-fd": {
    type: "string",
    array: true,
    describe: "Pass these file descriptors to the container",
    valueName: "strings",
  },
  "preserve-fds": { type: "number", default: 0, describe: "Pass N additional file descriptors to the container" },
} as const satisfies OptionTable;

/** Those that are listed, or the first so many above 2. @throws {DhowError} for one that is not open. */
export function readInheritedFds(flags: {
  readonly "preserve-fd": readonly string[];
  readonly "preserve-fds": number;
}): number[] {
  const listed = flags["preserve-fd"].flatMap((text) => text.split(",")).map(Number);
  const all = [...listed, ...Array.from({ length: flags["preserve-fds"] }, (_, index) => 3 + index)];
  for (const fd of all) {
    if (!Number.isInteger(fd) || fd < 3 || !isInherited(fd)) {
      throw new DhowError(`file descriptor ${fd} is not available - the preserve-fd option cannot be used with it`, {
        kind: "invalid-argument",
      });
    }
  }
  return [...new Set(all)];
}

/** Whether it is open, and by the caller: the ones without a name in a file system are this process's own. */
function isInherited(fd: number): boolean {
  try {
    return !readlinkSync(`/proc/self/fd/${fd}`).startsWith("anon_inode:");
  } catch {
    return false;
  }
}
