import { write } from "node:fs";
import { createRequire } from "node:module";
import { errnoOf } from "../errors.ts";
import { libc } from "./libc.ts";

/** The door to the terminal and the standard streams of this process, for a container that is attached to them. */
export interface WindowSize {
  readonly rows: number;
  readonly columns: number;
}

const require = createRequire(import.meta.url);
const tty = (): typeof import("node:tty") => require("node:tty");

export function isTerminal(fd: 0 | 1 | 2): boolean {
  return tty().isatty(fd);
}

/** The size of the terminal that stdout, else stderr or stdin is; undefined if none is one. */
export function windowSize(): WindowSize | undefined {
  const fd = ([1, 2, 0] as const).find(isTerminal);
  if (fd === undefined) return undefined;
  const stream = fd === 1 ? process.stdout : fd === 2 ? process.stderr : new (tty().WriteStream)(0);
  const [columns, rows] = stream.getWindowSize();
  return { rows, columns };
}

/** Calls `handle` whenever the window of the terminal changes. @returns What ends that. */
export function onResize(handle: () => void): () => void {
  // Node's own listener, which refreshes what windowSize() reads, was added first when the streams were made.
  windowSize();
  process.on("SIGWINCH", handle);
  return () => {
    process.off("SIGWINCH", handle);
  };
}

/**
 * Hands each key to the reader as it is pressed, without echo, and shows output as it is.
 * Node itself undoes it when the process ends, by whatever way but SIGKILL.
 * @returns What restores the terminal.
 */
export function enterRawMode(): () => void {
  process.stdin.setRawMode(true);
  // Node's raw mode still turns each newline of the output into two characters, which garbles full-screen programs.
  libc().makeRaw(0);
  return () => {
    process.stdin.setRawMode(false);
  };
}

/**
 * Reads stdin, one piece at a time: the next one is read when `take` has finished with the one before.
 * @param ended Called once when there is no more.
 * @returns What stops the reading.
 */
export function readInput(take: (bytes: Uint8Array) => Promise<void>, ended: () => void): () => void {
  const input = process.stdin;
  let taken = Promise.resolve();
  const onData = (bytes: Buffer) => {
    input.pause();
    taken = take(bytes).then(
      () => void input.resume(),
      () => undefined,
    );
  };
  // A pipe can end while its last piece is still being taken: pausing does not hold that back.
  const onEnd = () => void taken.then(ended);
  input.on("data", onData);
  input.once("end", onEnd);
  // A broken terminal or pipe is the end of the input.
  input.once("error", onEnd);
  return () => {
    input.off("data", onData);
    input.off("end", onEnd);
    input.pause();
    input.unref?.();
  };
}

/**
 * Writes to stdout, stderr or another pipe, waiting while its reader is slow.
 * @throws The system's error, as EPIPE when nobody reads any more.
 */
export async function writeOutput(fd: number, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) offset += await writeSome(fd, bytes, offset);
}

function writeSome(fd: number, bytes: Uint8Array, offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, offset, bytes.length - offset, null, (error, size) => {
      if (!error) resolve(size);
      // Somebody who shares the pipe made it non-blocking.
      else if (errnoOf(error) === "EAGAIN") setTimeout(resolve, 2, 0);
      else reject(error);
    });
  });
}
