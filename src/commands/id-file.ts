import { writeFileSync } from "node:fs";
import { DhowError } from "../errors.ts";

/** Writes an id for a script that reads it when the command has ended. @throws {DhowError} `permission-denied`. */
export function writeIdFile(path: string, id: string): void {
  try {
    writeFileSync(path, id);
  } catch (cause) {
    throw new DhowError("failed to write image ID", { kind: "permission-denied", cause });
  }
}
