import { spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";

export interface RunResult {
  /** 128 + n when signal n ended the program. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that was started by a test, and leads a process group of its own. */
export interface Running {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  write(text: string | Uint8Array): void;
  closeInput(): void;
  /** Sends a signal to the program alone. */
  signal(signal: NodeJS.Signals): void;
  /** Waits for text on stdout or stderr; fails when the program ends or the time is over before. */
  waitFor(pattern: string | RegExp, timeoutMs?: number): Promise<void>;
  /** Waits for the end. Kills the group and fails when the time is over, or when something keeps its stdout open. */
  end(timeoutMs?: number): Promise<RunResult>;
}

export interface StartOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly input?: string | Uint8Array;
}

const signalNumbers: Partial<Record<NodeJS.Signals, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGKILL: 9,
  SIGPIPE: 13,
  SIGTERM: 15,
};

/** Starts a program with pipes as its stdin, stdout and stderr. */
export function start(argv: readonly [string, ...string[]], { env, cwd, input }: StartOptions): Running {
  const [file, ...args] = argv;
  const child = spawn(file, args, { env, cwd, detached: true, stdio: "pipe" });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
    });
  }
  // A program may end without reading its input.
  child.stdin.on("error", () => {});
  if (input !== undefined) child.stdin.end(input);
  let exitCode: number | undefined;
  let failure: Error | undefined;
  const exited = new Promise<void>((resolve) => {
    child.once("error", (error) => {
      failure = error;
      resolve();
    });
    child.once("exit", (code, signal) => {
      exitCode = code ?? 128 + (signalNumbers[signal as NodeJS.Signals] ?? 0);
      resolve();
    });
  });
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const describeState = () => `${argv.join(" ")}\nstdout: ${output.stdout}\nstderr: ${output.stderr}`;

  return {
    pid: child.pid ?? 0,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    write: (text) => void child.stdin.write(text),
    closeInput: () => void child.stdin.end(),
    signal: (signal) => void child.kill(signal),
    async waitFor(pattern, timeoutMs = 60_000) {
      const found = () => {
        const text = `${output.stdout}\n${output.stderr}`;
        return typeof pattern === "string" ? text.includes(pattern) : pattern.test(text);
      };
      for (const deadline = Date.now() + timeoutMs; !found(); await delay(20)) {
        const ended = exitCode !== undefined || failure;
        if (ended) await Promise.race([closed, delay(500)]);
        if (found()) return;
        if (ended || Date.now() > deadline) throw new Error(`${pattern} did not appear: ${describeState()}`);
      }
    },
    async end(timeoutMs = 120_000) {
      const inTime = await Promise.race([exited.then(() => true), delay(timeoutMs, false, { ref: false })]);
      if (!inTime) {
        killGroup(child.pid);
        throw new Error(`not finished after ${timeoutMs} ms: ${describeState()}`);
      }
      if (failure) throw failure;
      const released = await Promise.race([closed.then(() => true), delay(10_000, false, { ref: false })]);
      if (!released) throw new Error(`a process that stayed behind keeps stdout or stderr open: ${describeState()}`);
      return { exitCode: exitCode as number, ...output };
    },
  };
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid) process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
