import { chmodSync, fchmodSync, fchownSync, futimesSync, lchownSync, lutimesSync, readFileSync } from "node:fs";
import { errnoOf } from "../../errors.ts";
import { libc } from "../../system/libc.ts";
import { type BytePath, toSystemPath } from "./byte-path.ts";
import type { Owner } from "./ownership.ts";
import type { Tally } from "./tally.ts";
import type { Timestamp } from "./tar-header.ts";

/** What an entry looks like on disk beyond its content. */
export interface Metadata {
  /** For messages. */
  readonly real: BytePath;
  readonly mode: number;
  readonly owner: Owner;
  /** Whether what was made may have another owner than root: its folder hands down its group, or it was there before. */
  readonly mayDiffer: boolean;
  readonly mtime: Timestamp;
  readonly xattrs: ReadonlyMap<string, Buffer>;
}

/**
 * Gives a new open file its owner, mode, attributes and time, with no more system calls than needed:
 * it was opened with its mode, by root.
 */
export function dressFile(fd: number, path: BytePath, metadata: Metadata, lostXattrs: Tally): void {
  if (needsOwner(metadata)) fchownSync(fd, metadata.owner.uid, metadata.owner.gid);
  const mode = effectiveMode(metadata);
  // chown clears set-id bits; the umask has cleared others.
  if ((mode & (0o7000 | umask())) !== 0) fchmodSync(fd, mode);
  if (metadata.xattrs.size > 0) setXattrs(path, metadata, lostXattrs);
  const { mtime } = metadata;
  if (isPlainTime(mtime)) futimesSync(fd, mtime.seconds, mtime.seconds);
  else libc().setTimes(toSystemPath(path), mtime);
}

/** The same for what has no descriptor: folders, devices, fifos, symbolic links (whose mode means nothing). */
export function dressPath(path: BytePath, metadata: Metadata, lostXattrs: Tally, isLink = false): void {
  const systemPath = toSystemPath(path);
  if (needsOwner(metadata)) lchownSync(systemPath, metadata.owner.uid, metadata.owner.gid);
  if (!isLink) chmodSync(systemPath, effectiveMode(metadata));
  if (metadata.xattrs.size > 0) setXattrs(path, metadata, lostXattrs);
  setTimes(path, metadata.mtime);
}

function needsOwner({ owner, mayDiffer }: Metadata): boolean {
  return owner.uid !== 0 || owner.gid !== 0 || mayDiffer;
}

function setTimes(path: BytePath, mtime: Timestamp): void {
  if (isPlainTime(mtime)) lutimesSync(toSystemPath(path), mtime.seconds, mtime.seconds);
  else libc().setTimes(toSystemPath(path), mtime);
}

/** A set-id bit was meant for the owner in the archive. */
function effectiveMode({ mode, owner }: Metadata): number {
  return owner.isSquashed ? mode & 0o1777 : mode;
}

/** Node rounds fractions to about a microsecond and takes negative times for "now". */
function isPlainTime({ seconds, nanoseconds }: Timestamp): boolean {
  return nanoseconds === 0 && seconds >= 0 && seconds < 2 ** 40;
}

/** Attributes that direct overlay file systems and SELinux: a layer has no say in those. */
const reservedXattr = /^(?:(?:trusted|user)\.(?:overlay|fuseoverlayfs|containers)\.|security\.selinux$)/;

export function isReservedXattr(name: string): boolean {
  return reservedXattr.test(name);
}

/** Errors of file systems and namespaces that do not have this kind of attribute; Podman and Docker go on too. */
const tolerated = new Set(["ENOTSUP", "EOPNOTSUPP", "EPERM", "EINVAL", "ERANGE", "E2BIG"]);

function setXattrs(path: BytePath, { xattrs, real }: Metadata, lost: Tally): void {
  for (const [name, value] of xattrs) {
    if (isReservedXattr(name)) continue;
    try {
      // In archives names are bytes, in system calls of ours they are text.
      const text = Buffer.from(name.replaceAll("\0", "?"), "latin1").toString("utf8");
      libc().setXattr(toSystemPath(path), text, value);
    } catch (error) {
      if (!tolerated.has(errnoOf(error) ?? "")) throw error;
      lost.count(real);
    }
  }
}

let cachedUmask: number | undefined;

/** The bits that are taken from new files. process.umask() cannot read it without changing it. */
function umask(): number {
  cachedUmask ??= readUmask();
  return cachedUmask;
}

function readUmask(): number {
  const line = /^Umask:\s*([0-7]+)$/m.exec(readFileSync("/proc/self/status", "latin1"));
  return line ? Number.parseInt(line[1] as string, 8) : 0o777;
}
