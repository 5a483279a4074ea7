import { existsSync, mkdirSync, renameSync } from "node:fs";
import { runProgram } from "../system/process.ts";
import { isMountPoint, unmountAll } from "./mounts.ts";
import type { RootfsDriver, RootfsRequest } from "./rootfs.ts";
import { removeTree } from "./temporary.ts";

/** No overlay at all: every container is a full copy of its image (shared blocks where the file system can do that). */
export const vfsDriver: RootfsDriver = {
  name: "vfs",
  prepare(request) {
    const { target, readOnly, layers, containerDirectory } = request;
    mkdirSync(target, { recursive: true, mode: 0o700 });
    const tree = readOnly && layers[0] !== undefined ? layers[0] : copyOnce(request);
    const options = readOnly ? "bind,ro" : "bind";
    return { commands: [["mount", "-o", options, tree, target]], cwd: containerDirectory };
  },
  changesOf({ layers: [base], containerDirectory }) {
    const directory = `${containerDirectory}/diff`;
    if (!existsSync(directory)) return { kind: "nothing" };
    return base === undefined ? { kind: "tree", directory } : { kind: "changes", directory, base };
  },
  isMounted: isMountPoint,
  unmount: unmountAll,
};

/** @returns The container's own tree; the copy has its final name when it is complete. */
function copyOnce({ layers, containerDirectory }: RootfsRequest): string {
  const copy = `${containerDirectory}/diff`;
  if (existsSync(copy)) return copy;
  const partial = `${containerDirectory}/diff-partial`;
  removeTree(partial);
  mkdirSync(partial, { recursive: true, mode: 0o755 });
  const [merged] = layers;
  if (merged !== undefined) runProgram(["cp", "-a", "--reflink=auto", `${merged}/.`, partial]);
  renameSync(partial, copy);
  return copy;
}
