/** The closed set of ways an operation can fail. Callers branch on this, never on a message. */
export type ErrorKind =
  | "invalid-argument"
  | "not-found"
  | "already-exists"
  | "conflict"
  | "permission-denied"
  | "unsupported"
  | "unavailable"
  | "corrupt";

export interface DhowErrorOptions {
  readonly kind: ErrorKind;
  readonly cause?: unknown;
  /** What the user can do about it, printed on a line of its own. */
  readonly hint?: string;
  /** Overrides the exit code that the kind stands for. */
  readonly exitCode?: number;
  /** Shown without `Error: ` in front, where Podman does so. */
  readonly isBare?: boolean;
}

/**
 * A failure that the user can understand and act upon.
 * Anything thrown that is not a DhowError is a bug in dhow and is reported as one.
 */
export class DhowError extends Error {
  override readonly name = "DhowError";
  readonly kind: ErrorKind;
  readonly hint: string | undefined;
  readonly exitCode: number | undefined;
  readonly isBare: boolean;

  constructor(message: string, { kind, cause, hint, exitCode, isBare = false }: DhowErrorOptions) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.hint = hint;
    this.exitCode = exitCode;
    this.isBare = isBare;
  }
}

/** Whether an error is a DhowError of that kind. */
export function isKind(error: unknown, kind: ErrorKind): error is DhowError {
  return error instanceof DhowError && error.kind === kind;
}

/** The `code` of a Node system error ("ENOENT"), or undefined. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
