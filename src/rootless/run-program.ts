import { constants } from "node:os";
import { DhowError, errnoOf } from "../errors.ts";
import { getVariable } from "../system/environment.ts";
import { startProgram } from "../system/process.ts";

/** Signals that the terminal sends to the program as well: this process only has to survive them. */
const fromTerminal = ["SIGINT", "SIGQUIT"] as const;
const passedOn = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGCONT"] as const;

/**
 * Runs a program, or $SHELL if none is named, with this process's streams, in its namespaces, and passes signals on to it.
 * @returns Its exit code; 128 + n when signal n ended it.
 * @throws {DhowError} With exit code 127 if there is no such program and 126 if it cannot be run.
 */
export async function runInNamespace(argv: readonly string[]): Promise<number> {
  const [file = getVariable("SHELL") ?? "/bin/sh", ...args] = argv;
  const child = startProgram([file, ...args], { stdio: "inherit" });
  for (const signal of fromTerminal) process.on(signal, () => {});
  for (const signal of passedOn) process.on(signal, () => child.kill(signal));
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.once("error", (cause) => reject(explain(file, cause)));
  child.once("exit", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  return promise;
}

function explain(file: string, cause: Error): DhowError {
  if (errnoOf(cause) === "ENOENT") {
    const where = file.includes("/") ? "no such file or directory" : "executable file not found in $PATH";
    return new DhowError(`exec: "${file}": ${where}`, { kind: "not-found", exitCode: 127 });
  }
  return new DhowError(`exec: "${file}"`, { kind: "invalid-argument", cause, exitCode: 126 });
}
