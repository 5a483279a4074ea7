import {
  chownSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  readSync,
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
 * A fifo or device in its place is not opened for long: it counts as absent.
 */
export function readInRoot(rootfs: string, path: string, limitBytes: number): string | undefined {
  let file: number;
  try {
    file = openSync(resolveInRoot(rootfs, path), constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch {
    return undefined;
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) return undefined;
    const content = Buffer.alloc(Math.min(stat.size, limitBytes));
    const size = readSync(file, content, 0, content.length, 0);
    return content.toString("utf8", 0, size);
  } catch {
    return undefined;
  } finally {
    closeSync(file);
  }
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

function isDirectory(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return false;
  }
}
