/** The terminal's door for results. Diagnostics go to stderr, results to stdout. */
export interface Output {
  /** A line on stdout. */
  line(text: string): void;
  /** Text on stdout as it is. */
  write(text: string | Uint8Array): void;
  /** `WARN: ...` or the like on stderr. */
  warn(text: string): void;
  /** A line on stderr as it is. */
  diagnostic(text: string): void;
  readonly isTerminal: boolean;
}
