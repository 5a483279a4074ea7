import { DhowError } from "../../errors.ts";
import type { EscapeCharacter, Variables } from "./ast.ts";

export interface LexerOptions {
  readonly escape: EscapeCharacter;
  readonly variables: Variables;
  /** Quotes stay where they are. */
  readonly keepsQuotes?: true;
  /** Escape characters stay where they are. */
  readonly keepsEscapes?: true;
  /** Quotes are letters like others: for the bodies of here-documents. */
  readonly ignoresQuotes?: true;
  /** `$name` stays as it is if there is no such variable. */
  readonly keepsUnset?: true;
}

/** The text that is read, and how far. */
export interface Reader {
  readonly text: string;
  readonly options: LexerOptions;
  at: number;
}

export function badWord(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
