import { writeFileSync } from "node:fs";
import { DhowError } from "../errors.ts";

/** Writes the file of --digestfile. @throws {DhowError} `invalid-argument`. */
export function writeDigestFile(path: string, digest: string): void {
  try {
    writeFileSync(path, digest, { mode: 0o644 });
  } catch (cause) {
    throw new DhowError(`cannot write digest file ${path}`, { kind: "invalid-argument", cause });
  }
}
