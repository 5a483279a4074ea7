import { DhowError } from "../errors.ts";

const grammar = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

/**
 * Passes on a name for a container or volume, which is also safe as the name of a file.
 * @throws {DhowError} `invalid-argument` with podman's words.
 */
export function checkName(name: string): string {
  if (grammar.test(name)) return name;
  throw new DhowError("names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument", { kind: "invalid-argument" });
}
