import { DhowError } from "../errors.ts";
import { readRecord } from "../rootless/record.ts";
import { getVariable } from "../system/environment.ts";
import { locatePaths } from "../system/paths.ts";

/**
 * Makes paths in the user's mount namespace into paths that the caller can use: inside of `dhow unshare` they are the same; root, who is
 * outside, reaches them through the process that holds the namespace.
 * @param command What the user has called, as `image mount`, for the message.
 * @throws {DhowError} `unsupported` for other users outside: the files are not theirs to see.
 */
export function visiblePaths(command: string): (path: string) => string {
  if (getVariable("DHOW_FROM_INSIDE") !== undefined) return (path) => path;
  const pause = getVariable("DHOW_UID") === "0" ? readRecord(locatePaths().data)?.pause : undefined;
  if (pause) return (path) => `/proc/${pause.pid}/root${path}`;
  const program = getVariable("DHOW_INVOKED_AS") ?? "dhow";
  throw new DhowError(
    `cannot run command "${program} ${command}" in rootless mode, must execute \`${program} unshare\` first`,
    { kind: "unsupported", hint: `as in: ${program} unshare sh -c 'ls "$(${program} ${command} NAME)"'` },
  );
}
