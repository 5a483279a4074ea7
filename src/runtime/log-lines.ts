import { readSync } from "node:fs";

/** A line of a container's log as conmon writes it: `TIME STREAM F|P TEXT`. */
export interface LogLine {
  /** RFC 3339 with nanoseconds. */
  readonly time: string;
  readonly stream: "stdout" | "stderr";
  /** The program's line goes on in the next entry of that stream: no newline belongs behind this text. */
  readonly partial: boolean;
  readonly text: Buffer;
}

const space = 0x20;
const newline = 0x0a;

/** @param line Without its newline. @returns Undefined for what is not a log line. */
export function parseLogLine(line: Buffer): LogLine | undefined {
  const afterTime = line.indexOf(space);
  const afterStream = line.indexOf(space, afterTime + 1);
  const afterTag = line.indexOf(space, afterStream + 1);
  if (afterTime < 0 || afterStream < 0 || afterTag < 0) return undefined;
  const stream = line.toString("latin1", afterTime + 1, afterStream);
  if (stream !== "stdout" && stream !== "stderr") return undefined;
  return {
    time: line.toString("latin1", 0, afterTime).replace(/\+00:00$/, "Z"),
    stream,
    partial: line[afterStream + 1] === "P".charCodeAt(0),
    text: line.subarray(afterTag + 1),
  };
}

/** Milliseconds since 1970 of a log line's time, with fractions; NaN if it is none. */
export function logTimeMs(time: string): number {
  const match = /^(.*T[\d:]+)(\.\d+)?(.*)$/.exec(time);
  return match ? Date.parse(`${match[1]}${match[3]}`) + Number(match[2] ?? 0) * 1000 : Number.NaN;
}

/** Splits a growing file into lines. What has no newline yet is kept for the next call. */
export function lineSplitter(): (chunk: Buffer) => Buffer[] {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
      lines.push(bytes.subarray(start, end));
      start = end + 1;
    }
    rest = Buffer.from(bytes.subarray(start));
    return lines;
  };
}

const blockSize = 65_536;

/**
 * Where the last `count` lines of the program's output begin in a log file. A line that the log holds in several parts
 * counts once.
 * @param size The file's size in bytes.
 */
export function findTail(fd: number, size: number, count: number): number {
  if (count <= 0) return size;
  let seen = 0;
  let isLast = true;
  let rest: Buffer = Buffer.alloc(0);
  for (let end = size; end > 0; ) {
    const length = Math.min(blockSize, end);
    const block = Buffer.alloc(length);
    readSync(fd, block, 0, length, end - length);
    end -= length;
    const bytes = Buffer.concat([block, rest]);
    let lineEnd = bytes.length;
    for (
      let at = bytes.lastIndexOf(newline, lineEnd - 2);
      at >= 0;
      at = at > 0 ? bytes.lastIndexOf(newline, at - 1) : -1
    ) {
      if (startsLine(bytes.subarray(at + 1, lineEnd), isLast)) seen++;
      if (seen > count) return end + lineEnd;
      isLast = false;
      lineEnd = at + 1;
    }
    rest = bytes.subarray(0, lineEnd);
  }
  return startsLine(rest, isLast) && seen + 1 > count ? rest.length : 0;
}

/** Read backwards: an entry that is not partial ends a line of the program, and so does the very last one. */
function startsLine(entry: Buffer, isLast: boolean): boolean {
  const line = parseLogLine(entry);
  return line !== undefined && (!line.partial || isLast);
}
