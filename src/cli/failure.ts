import { DhowError, type ErrorKind, errnoOf } from "../errors.ts";
import { visible, writeAll } from "./output.ts";

/** 125 is "dhow itself could not do it"; what a container's command exits with passes through as the command's own result. */
const exitCodes: Readonly<Record<ErrorKind, number>> = {
  "invalid-argument": 125,
  "not-found": 125,
  "already-exists": 125,
  conflict: 125,
  "permission-denied": 125,
  unsupported: 125,
  unavailable: 125,
  corrupt: 125,
};

const generalFailure = 125;
const brokenPipe = 141;

/** Errors of the machine, not of dhow: a full disk needs no bug report. */
const machineErrors = [
  "EACCES",
  "EDQUOT",
  "EIO",
  "EMFILE",
  "ENFILE",
  "ENOMEM",
  "ENOSPC",
  "EPERM",
  "EROFS",
  "ESTALE",
  "ETIMEDOUT",
];

export interface FailureOptions {
  readonly version: string;
  /** Show where an expected failure comes from (--log-level debug). */
  readonly verbose?: boolean;
}

/** The one place that shows failures: on stderr. @returns The exit code. */
export function reportFailure(error: unknown, options: FailureOptions): number {
  if (isBrokenPipe(error)) return brokenPipe;
  const failures = error instanceof AggregateError ? error.errors : [error];
  let exitCode = generalFailure;
  for (const failure of failures) exitCode = reportOne(failure, options);
  return exitCode;
}

function reportOne(error: unknown, { version, verbose = false }: FailureOptions): number {
  if (error instanceof DhowError) {
    show(describeFailure(error));
    if (verbose) show(error.stack ?? "");
    return error.exitCode ?? exitCodes[error.kind];
  }
  if (machineErrors.includes(errnoOf(error) ?? "")) {
    show(`Error: ${visible((error as Error).message)}`);
    if (verbose) show((error as Error).stack ?? "");
    return generalFailure;
  }
  show(describeBug(error, version));
  return generalFailure;
}

/** `Error: message: cause: cause`, and the hint on a line of its own. */
export function describeFailure(error: DhowError): string {
  const messages = chain(error).map(visible);
  return [`${error.isBare ? "" : "Error: "}${messages.join(": ")}`, ...hintsOf(error)].join("\n");
}

function chain(error: unknown): string[] {
  const messages: string[] = [];
  for (const each of causesOf(error)) {
    const message = each instanceof Error ? each.message : String(each);
    // A cause is often quoted in the message already.
    if (!messages.some((earlier) => earlier.endsWith(message))) messages.push(message);
  }
  return messages;
}

/** The error, its cause, the cause's cause: each once, although causes can go in circles. */
function causesOf(error: unknown): ReadonlySet<unknown> {
  const causes = new Set<unknown>();
  for (let each = error; each !== undefined && !causes.has(each); ) {
    causes.add(each);
    each = each instanceof Error ? each.cause : undefined;
  }
  return causes;
}

function hintsOf(error: DhowError): string[] {
  for (const each of causesOf(error)) {
    if (each instanceof DhowError && each.hint !== undefined) return [each.hint];
  }
  return [];
}

function describeBug(error: unknown, version: string): string {
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  return [
    `Error: internal error: ${message}`,
    "This is a bug in dhow. Please report it with the command and the lines below.",
    `dhow ${version}, Node.js ${process.version}, ${process.platform} ${process.arch}`,
    stack,
  ].join("\n");
}

function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && errnoOf(error) === "EPIPE" && "syscall" in error && error.syscall === "write";
}

function show(text: string): void {
  try {
    writeAll(2, `${text}\n`);
  } catch {
    // Nobody reads stderr; the exit code still tells.
  }
}
