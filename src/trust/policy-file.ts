import { lstatSync, readFileSync } from "node:fs";
import { DhowError, errnoOf } from "../errors.ts";
import { getVariable, homeDirectory } from "../system/environment.ts";
import { type Policy, parsePolicy } from "./policy.ts";

/** The policy for everybody on the machine. */
export const systemPolicyPath = "/etc/containers/policy.json";
const distributionPolicyPath = "/usr/share/containers/policy.json";

/** Where the user's own policy is, or would be. */
export function userPolicyPath(): string | undefined {
  const home = homeDirectory();
  const config = getVariable("XDG_CONFIG_HOME") ?? (home === undefined ? undefined : `${home}/.config`);
  return config === undefined ? undefined : `${config}/containers/policy.json`;
}

/**
 * The policy in force: what CONTAINERS_POLICY_JSON names, else the user's own takes the place of the system's. Undefined if there is none.
 * @throws {DhowError} `permission-denied` if that cannot be told: no other policy may take the place of one that cannot be seen.
 */
export function findPolicyPath(): string | undefined {
  const named = getVariable("CONTAINERS_POLICY_JSON");
  if (named !== undefined) return named;
  const places = [userPolicyPath(), systemPolicyPath, distributionPolicyPath];
  return places.find((path) => path !== undefined && isThere(path));
}

function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    throw new DhowError(`cannot read the signature policy ${path}`, { kind: "permission-denied", cause });
  }
}

/**
 * Reads the policy in force. Without a file, everything is accepted.
 * @throws {DhowError} `invalid-argument` for an invalid file: nothing can be pulled then.
 */
export function loadPolicy(path = findPolicyPath()): Policy {
  if (path === undefined) return { default: [{ type: "insecureAcceptAnything" }], transports: new Map() };
  const text = readPolicyFile(path);
  try {
    return parsePolicy(text);
  } catch (cause) {
    if (!(cause instanceof DhowError)) throw cause;
    throw new DhowError(`invalid policy in ${JSON.stringify(path)}`, { kind: "invalid-argument", cause });
  }
}

/** @throws {DhowError} `permission-denied`. */
export function readPolicyFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new DhowError(`cannot read the signature policy ${path}`, { kind: "permission-denied", cause });
  }
}
