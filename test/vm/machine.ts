import { join } from "node:path";
import { inject } from "vitest";
import { type RunResult, start } from "../e2e/running.ts";

/** Everything is about twenty times slower in there. */
const timeoutMs = 600_000;

/** A user of the machine, with a login session of the kind that ssh gives. */
export interface MachineUser {
  /** Runs a program in the machine to its end, whatever its exit code. */
  run(...argv: string[]): Promise<RunResult>;
  /** Runs dhow, fails unless it exits with 0, and returns its stdout without the last line feed. */
  succeed(...args: string[]): Promise<string>;
  dhow(...args: string[]): Promise<RunResult>;
  /** Runs a script of sh, fails unless it exits with 0, and returns its stdout without the last line feed. */
  sh(script: string): Promise<string>;
}

export function machineUser(name: "alice" | "bob" | "root"): MachineUser {
  const machine = inject("machine");
  const run = (...argv: string[]) =>
    runLab("vm-ssh", ["--user", name, machine, "--", "env", `PATH=/opt/dhow/bin:${systemPath}`, ...argv]);
  const checked = async (argv: string[]) => {
    const { exitCode, stdout, stderr } = await run(...argv);
    if (exitCode !== 0) throw new Error(`${argv.join(" ")}: exit code ${exitCode}\n${stdout}${stderr}`);
    return stdout.replace(/\n$/, "");
  };
  return {
    run,
    dhow: (...args) => run("dhow", ...args),
    succeed: (...args) => checked(["dhow", ...args]),
    sh: (script) => checked(["sh", "-c", script]),
  };
}
const systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Restarts the machine as `systemctl reboot` does, and waits for it. */
export async function reboot(): Promise<void> {
  const machine = inject("machine");
  const root = machineUser("root");
  const bootId = await root.sh("cat /proc/sys/kernel/random/boot_id");
  await root.run("systemctl", "reboot");
  const { exitCode, stderr } = await runLab("vm-wait", ["--boot-id-not", bootId, machine]);
  if (exitCode !== 0) throw new Error(`the machine does not come back: ${stderr}`);
}

/** Runs one of the lab's programs, in the folder that DHOW_VM_LAB names. */
export async function runLab(program: string, args: readonly string[]): Promise<RunResult> {
  const env = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => !!entry[1]));
  const running = start([join(env.DHOW_VM_LAB ?? "", program), ...args], { env, cwd: "/" });
  running.closeInput();
  return running.end(timeoutMs);
}
