import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { DhowError, errnoOf } from "../errors.ts";
import { countIds, readIdMap } from "./id-map.ts";
import { parseSubordinateIds, rangesOf, type SubordinateRange, type UserName } from "./subordinate-ids.ts";

/** `/etc/subuid` and `/etc/subgid`; tests give others. */
export interface SubordinateFiles {
  readonly uid: string;
  readonly gid: string;
}

const systemFiles: SubordinateFiles = { uid: "/etc/subuid", gid: "/etc/subgid" };
const rangeSize = 65536;
const firstStart = 100_000;

/**
 * Gives root a range of ids that nobody else has, and records it for this user in both files, or returns the one that
 * somebody recorded meanwhile. The files are locked as usermod(8) locks them.
 * @throws {DhowError} `unavailable` if the files cannot be written.
 */
export function allocateOwnRange(
  user: UserName & { readonly name: string | undefined },
  files = systemFiles,
): SubordinateRange {
  using _uidLock = lockAsShadow(files.uid);
  using _gidLock = lockAsShadow(files.gid);
  const [uidText, gidText] = [readOrEmpty(files.uid), readOrEmpty(files.gid)];
  const [uids, gids] = [parseSubordinateIds(uidText), parseSubordinateIds(gidText)];
  const [ownUids, ownGids] = [rangesOf(uids, user), rangesOf(gids, user)];
  const shared = ownUids.find((range) =>
    ownGids.some(({ start, size }) => start === range.start && size === range.size),
  );
  if (shared) return shared;

  const free = findFreeRange([...uids, ...gids], availableIds());
  const line = `${user.name ?? user.uid}:${free.start}:${free.size}\n`;
  replaceFile(files.uid, appendLine(uidText, line));
  replaceFile(files.gid, appendLine(gidText, line));
  return free;
}

/** How many ids there are here: fewer than on a whole machine inside of another container engine's user namespace. */
function availableIds(): number {
  const { uids, gids } = readIdMap();
  return Math.min(countIds(uids), countIds(gids));
}

/**
 * The lowest range from 100000 on that overlaps none of the others; where so few ids exist, all but root's.
 * @throws {DhowError} `unavailable` if there is none left.
 */
export function findFreeRange(taken: readonly SubordinateRange[], available: number): SubordinateRange {
  if (available < firstStart + rangeSize) {
    if (taken.length === 0 && available > 1) return { start: 1, size: available - 1 };
    throw new DhowError("cannot find free subordinate ids for root: this machine has too few ids", {
      kind: "unavailable",
    });
  }
  const overlaps = (start: number) =>
    taken.some((other) => start < other.start + other.size && other.start < start + rangeSize);
  const starts = [firstStart, ...taken.map(({ start, size }) => start + size)].filter((start) => start >= firstStart);
  const start = starts.sort((a, b) => a - b).find((candidate) => !overlaps(candidate));
  if (start === undefined || start + rangeSize > available) {
    throw new DhowError("cannot find free subordinate ids for root: /etc/subuid uses them all", {
      kind: "unavailable",
    });
  }
  return { start, size: rangeSize };
}

function appendLine(text: string, line: string): string {
  return text === "" || text.endsWith("\n") ? text + line : `${text}\n${line}`;
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return "";
    throw error;
  }
}

/** Everybody must be able to read these files, whatever the umask: the owner and the mode stay as they were. */
function replaceFile(path: string, content: string): void {
  const temporary = `${path}.dhow-${process.pid}`;
  try {
    const file = openSync(temporary, "wx", 0o644);
    writeSync(file, content);
    fsyncSync(file);
    closeSync(file);
    chmodSync(temporary, modeOf(path) ?? 0o644);
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new DhowError(`cannot write ${path}`, { kind: "unavailable", cause });
  }
}

function modeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mode;
}

const patienceMs = 15_000;

/** usermod's own lock: a hard link to a file with the owner's pid, free again if that process is gone. */
function lockAsShadow(path: string): Disposable {
  const own = `${path}.${process.pid}`;
  const lock = `${path}.lock`;
  const deadline = Date.now() + patienceMs;
  try {
    const file = openSync(own, "w", 0o600);
    writeSync(file, `${process.pid}\0`);
    closeSync(file);
    while (!tryLink(own, lock)) {
      if (!isHeld(lock)) rmSync(lock, { force: true });
      else if (Date.now() > deadline) throw new DhowError(`${lock} stays locked`, { kind: "unavailable" });
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    }
  } catch (cause) {
    if (cause instanceof DhowError) throw cause;
    throw new DhowError(`cannot add a subordinate range for root to ${path}`, { kind: "unavailable", cause });
  } finally {
    rmSync(own, { force: true });
  }
  return {
    [Symbol.dispose]() {
      rmSync(lock, { force: true });
    },
  };
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    throw error;
  }
}

function isHeld(lock: string): boolean {
  try {
    process.kill(Number.parseInt(readFileSync(lock, "latin1"), 10), 0);
    return true;
  } catch (error) {
    return errnoOf(error) === "EPERM";
  }
}
