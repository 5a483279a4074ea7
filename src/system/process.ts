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
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

export interface RunAsyncOptions extends RunOptions {
  /** What the program reads on its stdin, which is empty otherwise. */
  readonly input?: string;
  /** Ends the program when it is aborted. */
  readonly signal?: AbortSignal;
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
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
  });
  if (result.error) {
    throw new DhowError(`cannot start ${file}`, { kind: "unavailable", cause: result.error });
  }
  const exitCode = result.status ?? 128 + signalNumber(result.signal);
  return { exitCode, stdout: result.stdout, stderr: result.stderr };
}

export interface BytesResult extends Omit<RunResult, "stdout"> {
  readonly stdout: Buffer;
}

/** As {@link tryRun}, with bytes on stdin and stdout. */
export function runWithBytes(
  [file, ...args]: readonly [string, ...string[]],
  { env, input }: { readonly env: Readonly<Record<string, string>>; readonly input?: Uint8Array },
): BytesResult {
  const result = childProcess().spawnSync(file, args, { env, input: input ?? "", maxBuffer: 64 << 20 });
  if (result.error) throw new DhowError(`cannot start ${file}`, { kind: "unavailable", cause: result.error });
  const exitCode = result.status ?? 128 + signalNumber(result.signal);
  return { exitCode, stdout: result.stdout, stderr: result.stderr.toString("utf8") };
}

/**
 * Runs a program to its end and returns its stdout.
 * @throws {DhowError} `unavailable` if it cannot be started or fails; the message ends with the last line of its stderr.
 */
export function runProgram(argv: readonly [string, ...string[]], options: RunOptions = {}): string {
  return requireSuccess(argv, tryRun(argv, options));
}

/** Characters of stdout and of stderr: those who are waited for like this say little. */
const asyncOutputLimit = 4 << 20;

/**
 * As {@link tryRun}, for programs that take seconds or ask the user something: this process goes on meanwhile, its timers
 * and signal handlers included. Whatever ends this process in an orderly way ends the program, too.
 * @throws {DhowError} `unavailable` also if it is ended for its time or for the amount that it said.
 * @throws The signal's reason when that is aborted.
 */
export async function tryRunAsync(
  argv: readonly [string, ...string[]],
  options: RunAsyncOptions = {},
): Promise<RunResult> {
  // biome-ignore lint/style/noRestrictedImports: this file is the door
  const { execa } = await import("execa");
  const { cwd, env, input, signal, timeoutMs } = options;
  signal?.throwIfAborted();
  const [file, ...args] = argv;
  const result = await execa(file, args, {
    env: env ?? childEnvironment(),
    extendEnv: false,
    reject: false,
    stripFinalNewline: false,
    maxBuffer: asyncOutputLimit,
    ...(cwd === undefined ? {} : { cwd }),
    ...(input === undefined ? { stdin: "ignore" as const } : { input }),
    ...(signal === undefined ? {} : { cancelSignal: signal }),
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
  });
  if (result.isCanceled) throw signal?.reason;
  if (result.timedOut) throw endedEarly(file, `it did not end within ${(timeoutMs ?? 0) / 1000} seconds`);
  if (result.isMaxBuffer) throw endedEarly(file, "it said too much");
  if (result.exitCode === undefined && result.signal === undefined) {
    throw new DhowError(`cannot start ${file}`, { kind: "unavailable", cause: result.cause });
  }
  const exitCode = result.exitCode ?? 128 + signalNumber(result.signal as NodeJS.Signals);
  return { exitCode, stdout: result.stdout, stderr: result.stderr };
}

/** As {@link runProgram}, without making this process wait; see {@link tryRunAsync}. */
export async function runProgramAsync(
  argv: readonly [string, ...string[]],
  options: RunAsyncOptions = {},
): Promise<string> {
  return requireSuccess(argv, await tryRunAsync(argv, options));
}

function requireSuccess([file]: readonly [string, ...string[]], { exitCode, stdout, stderr }: RunResult): string {
  if (exitCode === 0) return stdout;
  const lastLine = stderr.trimEnd().split("\n").at(-1) || `exit status ${exitCode}`;
  throw new DhowError(`${file}: ${lastLine}`, { kind: "unavailable" });
}

function endedEarly(file: string, reason: string): DhowError {
  return new DhowError(`${file} was ended: ${reason}`, { kind: "unavailable" });
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
