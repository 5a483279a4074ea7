import { once } from "node:events";
import { isTerminal } from "../cli/output.ts";
import { DhowError } from "../errors.ts";
import { stdinArchive } from "../image/archive/open-files.ts";

/**
 * An archive on stdin.
 * @throws {DhowError} `invalid-argument` if that is a terminal.
 */
export async function openStdin(alternative = "a file"): Promise<AsyncIterable<Buffer>> {
  if (isTerminal(0)) {
    throw new DhowError(`cannot read from terminal, use command-line redirection or ${alternative}`, {
      kind: "invalid-argument",
    });
  }
  const archive = stdinArchive();
  // The program in front of a pipe may ask for a password on the terminal before it says anything.
  await once(archive, "readable").catch(() => undefined);
  return archive;
}
