import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { DhowError } from "../../errors.ts";
import { findProgram, startProgram } from "../../system/process.ts";

/** Characters of a program's complaints that are worth keeping. */
const stderrLimit = 2000;

/**
 * What a program makes of a stream: it reads the source on its stdin and is read on its stdout. It ends when the consumer does.
 * @throws {DhowError} `unsupported` with the hint if there is no such program; `corrupt` with its first line of stderr if it fails.
 */
export async function* runFilter(
  [name, ...args]: readonly [string, ...string[]],
  source: AsyncGenerator<Buffer, void>,
  hint: string,
): AsyncGenerator<Buffer, void> {
  const path = findProgram(name);
  if (path === undefined) {
    throw new DhowError(`cannot decompress: there is no program ${name} on this machine`, {
      kind: "unsupported",
      hint,
    });
  }
  const child = startProgram([path, ...args], { stdio: ["pipe", "pipe", "pipe"] });
  const { stdin, stdout, stderr } = child;
  if (!stdin || !stdout || !stderr) throw new TypeError("the program was started without pipes");
  let complaint = "";
  stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(-stderrLimit);
  });
  const exit = new Promise<number>((resolve) => child.once("close", (code) => resolve(code ?? 1)));
  // A program that fails closes its stdin early; what it says is the better story. A failure of the source is not its own.
  let failure: unknown;
  const feeding = pipeline(Readable.from(source, { objectMode: false }), stdin).catch((error: unknown) => {
    failure = error;
    child.kill();
  });
  try {
    for await (const chunk of stdout as AsyncIterable<Buffer>) yield chunk;
    const [code] = await Promise.all([exit, feeding]);
    if (failure instanceof DhowError) throw failure;
    if (code === 0) return;
    const [line = ""] = complaint.trim().split("\n");
    const reason = line.slice(line.indexOf(": ") + 1).trim() || `exit status ${code}`;
    throw new DhowError(`cannot decompress: ${name}: ${reason}`, { kind: "corrupt" });
  } finally {
    child.kill();
  }
}
