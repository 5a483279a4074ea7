import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DhowError, errnoOf } from "../../errors.ts";
import { type IgnoreRules, noRules, parseIgnoreFile } from "./ignore.ts";

/**
 * The rules of the ignore file that counts: the one that was named, else the one beside a Dockerfile (`NAME.containerignore`,
 * `NAME.dockerignore`), else `.containerignore` or `.dockerignore` of the context.
 * @param dockerfiles The paths of those that are files.
 * @throws {DhowError} `not-found` for one that was named; `invalid-argument` for a bad pattern.
 */
export function findIgnoreRules(
  directory: string,
  dockerfiles: readonly string[],
  named: string | undefined,
): IgnoreRules {
  if (named !== undefined) {
    const text = readIfThere(named);
    if (text === undefined) throw new DhowError(`no such ignore file: ${named}`, { kind: "not-found" });
    return parseIgnoreFile(text, named);
  }
  const beside = dockerfiles.flatMap((path) => [`${path}.containerignore`, `${path}.dockerignore`]);
  for (const path of [...beside, join(directory, ".containerignore"), join(directory, ".dockerignore")]) {
    const text = readIfThere(path);
    if (text !== undefined) return parseIgnoreFile(text, path.slice(path.lastIndexOf("/") + 1));
  }
  return noRules;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return undefined;
    throw new DhowError(`cannot read ${path}`, { kind: "permission-denied", cause });
  }
}
