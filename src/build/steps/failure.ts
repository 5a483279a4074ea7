import { DhowError } from "../../errors.ts";
import type { StepInfo } from "../progress.ts";
import type { BuildSession } from "../session.ts";

/** A program of RUN that ended with a code other than 0. */
export class ProgramFailed extends DhowError {
  readonly code: number;

  constructor(code: number) {
    super(`while running runtime: exit status ${code}`, { kind: "unavailable", exitCode: code });
    this.code = code;
  }
}

/** What has been told as the failure of its step already. */
const told = new WeakSet<Error>();

/**
 * Does a step's work; its failure is told, and stops the build.
 * @throws {DhowError} In podman's words: `building at STEP "RUN false": ...`.
 */
export async function explained<T>(
  session: BuildSession,
  { step, lastOutput }: { readonly step: StepInfo; readonly lastOutput: () => readonly string[] },
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (session.signal.aborted) {
      session.emit({ type: "step-canceled", step });
      throw session.signal.reason;
    }
    if (!(cause instanceof DhowError) || told.has(cause)) throw cause;
    const failure = new DhowError(`building at STEP ${JSON.stringify(step.text)}: ${cause.message}`, {
      kind: cause.kind,
      ...(cause.exitCode === undefined ? {} : { exitCode: cause.exitCode }),
      ...(cause.hint === undefined ? {} : { hint: cause.hint }),
      ...(cause.cause === undefined ? {} : { cause: cause.cause }),
    });
    told.add(failure);
    const exitCode = cause instanceof ProgramFailed ? cause.code : undefined;
    session.emit({
      type: "step-failed",
      failure: { step, message: cause.message, exitCode, lastOutput: lastOutput() },
    });
    throw failure;
  }
}
