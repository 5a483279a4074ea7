import {
  chownSync,
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  readSync,
  writeSync,
} from "node:fs";
import { DhowError, errnoOf } from "../../errors.ts";

const maxLinks = 40;

/**
 * Where a path of a container's root filesystem is on the host, with symbolic links followed as the container would:
 * nothing leads out of the root. The last parts need not exist.
 * @throws {DhowError} `invalid-argument` for link loops.
 */
export function resolveInRoot(rootfs: string, path: string): string {
  const pending = path.split("/").reverse();
  const resolved: string[] = [];
  let links = 0;
  while (pending.length > 0) {
    const part = pending.pop();
    if (part === undefined || part === "" || part === ".") continue;
    if (part === "..") {
      resolved.pop();
      continue;
    }
    const target = readLink([rootfs, ...resolved, part].join("/"));
    if (target === undefined) {
      resolved.push(part);
      continue;
    }
    if (++links > maxLinks) {
      throw new DhowError(`cannot resolve ${path} in the container: too many symbolic links`, {
        kind: "invalid-argument",
      });
    }
    if (target.startsWith("/")) resolved.length = 0;
    pending.push(...target.split("/").reverse());
  }
  return [rootfs, ...resolved].join("/");
}

function readLink(path: string): string | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Text of a regular file of the container's root filesystem, at most `limitBytes` of it; undefined if there is none.
 * Symbolic links are followed as the container would, and cannot lead out of the root, also while a running container
 * changes them: each step begins at a directory that is held open. A fifo or device in its place counts as absent.
 */
export function readInRoot(rootfs: string, path: string, limitBytes: number): string | undefined {
  const held: number[] = [];
  try {
    const place = walkInRoot(rootfs, path, held);
    const stat = fstatSync(place);
    if (!stat.isFile()) return undefined;
    const file = openSync(`/proc/self/fd/${place}`, constants.O_RDONLY);
    held.push(file);
    const content = Buffer.alloc(Math.min(stat.size, limitBytes));
    return content.toString("utf8", 0, readSync(file, content, 0, content.length, 0));
  } catch {
    return undefined;
  } finally {
    for (const file of held) closeSync(file);
  }
}

/** Not among Node's constants: a descriptor that only names a place. */
const placeOnly = 0o10000000;

/** @param held Takes every descriptor that is opened. @returns The one of the place. @throws the system's errors. */
function walkInRoot(rootfs: string, path: string, held: number[]): number {
  const open = (name: string, flags: number) => {
    const opened = openSync(name, placeOnly | flags);
    held.push(opened);
    return opened;
  };
  const places = [open(rootfs, constants.O_DIRECTORY)];
  const here = () => places.at(-1) as number;
  const pending = path.split("/").reverse();
  for (let links = 0; pending.length > 0; ) {
    const part = pending.pop() ?? "";
    if (part === "..") places.splice(Math.max(places.length - 1, 1));
    if (["", ".", ".."].includes(part)) continue;
    const name = `/proc/self/fd/${here()}/${part}`;
    const next = open(name, constants.O_NOFOLLOW);
    if (!fstatSync(next).isSymbolicLink()) {
      places.push(next);
      continue;
    }
    if (++links > maxLinks) throw new Error("too many symbolic links");
    const target = readlinkSync(name);
    if (target.startsWith("/")) places.length = 1;
    pending.push(...target.split("/").reverse());
  }
  return here();
}

/**
 * Makes the working directory if the image has none of that name, owned by the container's user, as Docker does.
 * @throws {DhowError} `invalid-argument` if something else than a directory is in its place.
 */
export function ensureDirectoryInRoot(rootfs: string, path: string, { uid, gid }: { uid: number; gid: number }): void {
  const target = resolveInRoot(rootfs, path);
  if (isDirectory(target)) return;
  try {
    const first = mkdirSync(target, { recursive: true, mode: 0o755 });
    if (first !== undefined && (uid !== 0 || gid !== 0)) chownSync(target, uid, gid);
  } catch (cause) {
    const why =
      errnoOf(cause) === "ENOTDIR" || errnoOf(cause) === "EEXIST" ? "it is not a directory" : "it cannot be made";
    throw new DhowError(`workdir ${JSON.stringify(path)} cannot be used: ${why}`, { kind: "invalid-argument", cause });
  }
}

/** Whether there is a directory at a path of the root filesystem. */
export function hasDirectoryInRoot(rootfs: string, path: string): boolean {
  return isDirectory(resolveInRoot(rootfs, path));
}

/**
 * Writes the text of a regular file that there is in the root filesystem, over what it held; its owner and mode stay.
 * @returns Whether it was there and could be written.
 */
export function overwriteInRoot(rootfs: string, path: string, text: string): boolean {
  let file: number;
  try {
    file = openSync(resolveInRoot(rootfs, path), constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch {
    return false;
  }
  try {
    if (!fstatSync(file).isFile()) return false;
    writeSync(file, text, 0);
    ftruncateSync(file, Buffer.byteLength(text));
    return true;
  } catch {
    return false;
  } finally {
    closeSync(file);
  }
}

function isDirectory(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return false;
  }
}
