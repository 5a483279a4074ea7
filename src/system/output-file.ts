import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { DhowError, errnoOf } from "../errors.ts";
import { beforeEndingSignal } from "./signals.ts";
import { writeOutput } from "./terminal.ts";

/** A file that the user has named for a result, which is written from its start to its end. */
export interface OutputFile {
  write(bytes: Buffer): Promise<void>;
  /** Writes once more what is at that place; undefined if the output takes bytes in their order alone. */
  readonly patch: ((bytes: Buffer, position: number) => void) | undefined;
  /** What was there before is replaced now, at once. */
  publish(): void;
  /** Leaves what was there before as it was, unless `publish` was called. */
  close(): void;
}

/**
 * Opens the output: a file is written beside its place and moved there in the end; a pipe or a device takes what comes.
 * @param path Undefined for stdout.
 * @throws {DhowError} `not-found`, `permission-denied`.
 */
export function openOutputFile(path: string | undefined): OutputFile {
  // A socket, as a service's stdout may be one, cannot be opened by its name.
  if (path === undefined || path === "/dev/stdout") return openStream(1);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found !== undefined && !found.isFile()) return openStream(open(path, path, "w"), path);
  const temporary = `${path}.${process.pid}.tmp`;
  const fd = open(path, temporary, "wx");
  // It lies in a folder of the user's, where nobody else would collect it.
  const undo = beforeEndingSignal(() => rmSync(temporary, { force: true }));
  return {
    // Not at once: signals and timers want their turn in between.
    write: (bytes) => writeOutput(fd, bytes).catch((cause) => failToWrite(path, cause)),
    patch: (bytes, position) => writeAll(fd, bytes, { path, position }),
    publish() {
      fsyncSync(fd);
      renameSync(temporary, path);
    },
    close() {
      closeSync(fd);
      rmSync(temporary, { force: true });
      undo();
    },
  };
}

function openStream(fd: number, path?: string): OutputFile {
  if (fstatSync(fd).isDirectory()) {
    closeSync(fd);
    throw new DhowError(`cannot write ${path}: it is a folder`, { kind: "invalid-argument" });
  }
  return {
    write: (bytes) => writeOutput(fd, bytes),
    patch: findPatch(fd),
    publish: () => {},
    close() {
      if (path !== undefined) closeSync(fd);
    },
  };
}

/** Stdout may be a file, and be written to from anywhere in it; but not if it is opened for appending. */
function findPatch(fd: number): OutputFile["patch"] {
  if (!fstatSync(fd).isFile()) return undefined;
  const [, start, flags] =
    /pos:\s*(\d+)\s+flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1")) ?? [];
  const append = 0o2000;
  if (start === undefined || flags === undefined || (Number.parseInt(flags, 8) & append) !== 0) return undefined;
  return (bytes, position) => writeAll(fd, bytes, { path: "stdout", position: Number(start) + position });
}

function writeAll(fd: number, bytes: Buffer, { path, position }: { path: string; position?: number }): void {
  try {
    for (let done = 0; done < bytes.length; ) {
      const at = position === undefined ? null : position + done;
      done += writeSync(fd, bytes, done, bytes.length - done, at);
    }
  } catch (cause) {
    failToWrite(path, cause);
  }
}

function failToWrite(path: string, cause: unknown): never {
  throw new DhowError(`cannot write ${path}`, { kind: "unavailable", cause });
}

function open(path: string, place: string, flags: "w" | "wx"): number {
  try {
    return openSync(place, flags, 0o644);
  } catch (cause) {
    const kind = errnoOf(cause) === "ENOENT" ? "not-found" : "permission-denied";
    throw new DhowError(`cannot write ${path}`, { kind, cause });
  }
}
