import { DhowError } from "../errors.ts";
import { childEnvironment } from "../system/environment.ts";
import { installationFile } from "../system/installation.ts";
import { startProgram } from "../system/process.ts";

/** Other engines' names, for which this one stands. */
const engines = ["podman", "docker", "dhow"];

/** The command as it is run: whatever engine it names, this one is meant. */
export function withOwnEngine([program, ...args]: readonly [string, ...string[]]): [string, ...string[]] {
  const name = program.slice(program.lastIndexOf("/") + 1);
  return [engines.includes(name) ? installationFile("bin/dhow") : program, ...args];
}

/**
 * Runs a command on the streams of this process.
 * @returns Its exit code. @throws {DhowError} `not-found` if it cannot be started.
 */
export async function runHostCommand(
  command: readonly [string, ...string[]],
  environment: Readonly<Record<string, string>>,
): Promise<number> {
  const child = startProgram(command, { stdio: "inherit", env: { ...childEnvironment(), ...environment } });
  return new Promise((resolve, reject) => {
    child.once("error", (cause) => reject(new DhowError(`cannot start ${command[0]}`, { kind: "not-found", cause })));
    child.once("exit", (code) => resolve(code ?? 137));
  });
}
