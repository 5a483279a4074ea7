import { DhowError, type ErrorKind } from "../../errors.ts";

/** What a thread tells: any number of times how far it is, then once how it ended. */
export type WorkerMessage<Result> =
  | { readonly type: "progress"; readonly bytes: number }
  | { readonly type: "done"; readonly result: Result }
  | { readonly type: "failed"; readonly failure: Failure };

/** An error in a form that survives the way between threads. */
export interface Failure {
  /** Undefined for a bug. */
  readonly kind: ErrorKind | undefined;
  readonly message: string;
  readonly hint: string | undefined;
  readonly stack: string | undefined;
  readonly cause: Failure | undefined;
}

export function toFailure(error: unknown): Failure {
  const isKnown = error instanceof DhowError;
  return {
    kind: isKnown ? error.kind : undefined,
    hint: isKnown ? error.hint : undefined,
    message: error instanceof Error ? error.message : String(error),
    stack: error instanceof Error ? error.stack : undefined,
    cause: error instanceof Error && error.cause !== undefined ? toFailure(error.cause) : undefined,
  };
}

export function fromFailure({ kind, message, hint, stack, cause }: Failure): Error {
  const reason = cause ? { cause: fromFailure(cause) } : {};
  if (kind !== undefined) return new DhowError(message, { kind, ...reason, ...(hint === undefined ? {} : { hint }) });
  const bug = new Error(message, reason);
  if (stack !== undefined) bug.stack = stack;
  return bug;
}
