import { DhowError } from "../../errors.ts";
import { findProgram, tryRunAsync } from "../../system/process.ts";

/** Tells its own pid, which ps will have, and shows ps the container's processes in a /proc that nobody else sees. */
const script = 'mount -t proc proc /proc && echo "$$" && exec "$@"';

/**
 * What the host's ps(1) says about the processes of a container, itself left out.
 * @throws {DhowError} `unavailable` if ps is not installed or fails.
 */
export async function runHostPs(initPid: number, args: readonly string[]): Promise<string> {
  const ps = findProgram("ps");
  if (ps === undefined) {
    throw new DhowError("cannot show processes by the arguments of ps: ps is not installed", {
      kind: "unavailable",
      hint: "install the package procps, or name podman's columns, as in 'top CONTAINER pid args'",
    });
  }
  const { exitCode, stdout, stderr } = await tryRunAsync([
    ...(["nsenter", "-t", String(initPid), "-p"] as const),
    ...["unshare", "-m", "sh", "-c", script, "ps", ps],
    ...args,
  ]);
  if (exitCode !== 0) {
    throw new DhowError(`ps ${args.join(" ")}: ${stderr.trim().split("\n", 1)[0] || `exit status ${exitCode}`}`, {
      kind: "invalid-argument",
    });
  }
  const [own = "", ...lines] = stdout.split("\n");
  return withoutProcess(lines, own).join("\n");
}

/** Leaves out the line of a pid, if there is a column of pids. */
function withoutProcess(lines: readonly string[], pid: string): readonly string[] {
  const column = lines[0]?.trim().split(/\s+/).indexOf("PID") ?? -1;
  return column < 0 ? lines : lines.filter((line) => line.trim().split(/\s+/)[column] !== pid);
}
