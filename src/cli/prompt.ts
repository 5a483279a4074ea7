import { readSync } from "node:fs";
import { DhowError } from "../errors.ts";
import { isTerminal, writeAll } from "./output.ts";

/** All that is on stdin, as text. */
export function readAllInput(): string {
  return readAllInputBytes().toString("utf8");
}

/** All that is on stdin, byte for byte. */
export function readAllInputBytes(): Buffer {
  const chunks: Buffer[] = [];
  for (let chunk = readChunk(65_536); chunk.length > 0; chunk = readChunk(65_536)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * Shows a question on stdout and reads a line of stdin.
 * @throws {DhowError} `invalid-argument` if stdin has ended.
 */
export function promptLine(question: string): string {
  writeAll(1, question);
  const bytes: Buffer[] = [];
  for (;;) {
    // One byte at a time: what follows the line belongs to whoever reads next.
    const byte = readChunk(1);
    if (byte.length === 0 && bytes.length === 0)
      throw new DhowError("reading username: EOF", { kind: "invalid-argument" });
    if (byte.length === 0 || byte[0] === 0x0a) return Buffer.concat(bytes).toString("utf8").replace(/\r$/, "");
    bytes.push(byte);
  }
}

/**
 * Shows a question on stdout and reads a line from the terminal without showing it.
 * @throws {DhowError} `invalid-argument` if stdin is not a terminal or the user interrupts.
 */
export async function promptSecret(question: string): Promise<string> {
  if (!isTerminal(0)) {
    throw new DhowError("cannot ask for a password: stdin is not a terminal", {
      kind: "invalid-argument",
      hint: "use --password-stdin",
    });
  }
  writeAll(1, question);
  const { stdin } = process;
  // In raw mode nothing is echoed, and Node restores the terminal however the process ends.
  stdin.setRawMode(true);
  try {
    return await readSecret(stdin);
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    writeAll(1, "\n");
  }
}

async function readSecret(stdin: NodeJS.ReadStream): Promise<string> {
  let secret = "";
  for await (const chunk of stdin.iterator({ destroyOnReturn: false })) {
    for (const key of String(chunk)) {
      if (endKeys.includes(key)) return secret;
      secret = applyKey(secret, key);
    }
  }
  return secret;
}

const endKeys = ["\r", "\n", "\u0004"];
const interruptKey = "\u0003";
const eraseLineKey = "\u0015";
const eraseKeys = ["\u007f", "\b"];

/** What the terminal would do by itself if it were not in raw mode. */
function applyKey(typed: string, key: string): string {
  if (key === interruptKey) throw new DhowError("interrupted", { kind: "invalid-argument", exitCode: 130 });
  if (key === eraseLineKey) return "";
  return eraseKeys.includes(key) ? [...typed].slice(0, -1).join("") : typed + key;
}

function readChunk(size: number): Buffer {
  const buffer = Buffer.alloc(size);
  for (;;) {
    try {
      return buffer.subarray(0, readSync(0, buffer, 0, size, null));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EOF") return buffer.subarray(0, 0);
      if (code !== "EAGAIN") throw error;
      Atomics.wait(sleeper, 0, 0, 10);
    }
  }
}
const sleeper = new Int32Array(new SharedArrayBuffer(4));
