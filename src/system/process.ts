// biome-ignore lint/style/noRestrictedImports: this file is the door
import type { ChildProcess, StdioOptions } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { DhowError } from "../errors.ts";
import { childEnvironment, getVariable } from "./environment.ts";

/** Loaded when the first program is started: listings start none, and it costs them 2 ms. */
const childProcess = () => process.getBuiltinModule("node:child_process");

/** The door to other programs: argument arrays only, never a command line built from data. */
export interface RunOptions {
  readonly cwd?: string;
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

export interface RunResult {
  /** Exit code; 128 + n when signal n ended the program. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end and returns what it said, whatever its exit code.
 * @throws {DhowError} `unavailable` if it cannot be started.
 */
export function tryRun(argv: readonly [string, ...string[]], options: RunOptions = {}): RunResult {
  const [file, ...args] = argv;
  const result = childProcess().spawnSync(file, args, {
    env: options.env ?? childEnvironment(),
    encoding: "utf8",
    maxBuffer: 64 << 20,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
  });
  if (result.error) {
    throw new DhowError(`cannot start ${file}`, { kind: "unavailable", cause: result.error });
  }
  const exitCode = result.status ?? 128 + signalNumber(result.signal);
  return { exitCode, stdout: result.stdout, stderr: result.stderr };
}

/**
 * Runs a program to its end and returns its stdout.
 * @throws {DhowError} `unavailable` if it cannot be started or fails; the message ends with the last line of its stderr.
 */
export function runProgram(argv: readonly [string, ...string[]], options: RunOptions = {}): string {
  const { exitCode, stdout, stderr } = tryRun(argv, options);
  if (exitCode !== 0) {
    const lastLine = stderr.trimEnd().split("\n").at(-1) || `exit status ${exitCode}`;
    throw new DhowError(`${argv[0]}: ${lastLine}`, { kind: "unavailable" });
  }
  return stdout;
}

export interface StartOptions {
  readonly stdio: StdioOptions;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly detached?: boolean;
}

/** Starts a program and returns it running. */
export function startProgram(argv: readonly [string, ...string[]], options: StartOptions): ChildProcess {
  const [file, ...args] = argv;
  return childProcess().spawn(file, args, { ...options, env: options.env ?? childEnvironment() });
}

/** Folders outside PATH in which distributions keep helper programs. */
const helperFolders = [
  "/usr/libexec/podman",
  "/usr/lib/podman",
  "/usr/libexec",
  "/usr/sbin",
  "/sbin",
  "/usr/local/sbin",
];

/** The absolute path of a program on PATH or in the usual helper folders, or undefined. */
export function findProgram(name: string): string | undefined {
  const folders = [...(getVariable("PATH") ?? "/usr/local/bin:/usr/bin:/bin").split(":"), ...helperFolders];
  return folders.map((folder) => `${folder}/${name}`).find(isExecutable);
}

function isExecutable(path: string): boolean {
  if (!path.startsWith("/")) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : (signals[signal] ?? 0);
}
const signals: Partial<Record<NodeJS.Signals, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
};

/** Quotes words for sh, so that several programs can be batched in one script. */
export function shellQuote(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
}
