import { DhowError } from "../errors.ts";

const cannotInvoke = 126;
const commandNotFound = 127;

const reasons = [
  {
    pattern: /permission denied|operation not permitted/i,
    said: "OCI permission denied",
    kind: "permission-denied",
    exitCode: cannotInvoke,
  },
  {
    pattern: /executable file .*not found in|no such file or directory|open executable/i,
    said: "OCI runtime attempted to invoke a command that was not found",
    kind: "not-found",
    exitCode: commandNotFound,
  },
] as const;

/**
 * What the OCI runtime said, as the failure that podman makes of it: 127 for a command that does not exist, 126 for one
 * that cannot be invoked, for anything else the exit code of a failed start.
 *
 * @param output The runtime's stderr.
 * @param exitCode The exit code when the text tells no better one.
 */
export function runtimeError(runtimeName: string, output: string, exitCode = cannotInvoke): DhowError {
  const lines = output.split("\n").map(withoutNoise).filter(Boolean);
  for (const { pattern, said, kind, exitCode: code } of reasons) {
    const line = lines.find((text) => pattern.test(text));
    if (line !== undefined) return new DhowError(`${runtimeName}: ${line}: ${said}`, { kind, exitCode: code });
  }
  return new DhowError(`${runtimeName}: ${lines.join(" ") || "it gave no reason"}: OCI runtime error`, {
    kind: "unavailable",
    exitCode,
  });
}

/** crun puts a time stamp in front when it writes to no terminal, runc its log format around it. */
function withoutNoise(line: string): string {
  const runc = /\bmsg="((?:[^"\\]|\\.)*)"/.exec(line);
  if (runc?.[1] !== undefined) return runc[1].replaceAll('\\"', '"');
  return line.replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z?: /, "").trim();
}
