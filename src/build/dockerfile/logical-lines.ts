import type { EmptyContinuation, EscapeCharacter, SourceRange } from "./ast.ts";

/** An instruction as the file has it: the lines up to one that is not continued, joined. */
export interface LogicalLine {
  readonly code: string;
  readonly range: SourceRange;
  /** The comments right above. */
  readonly comments: readonly string[];
}

/** Reads the lines of a Dockerfile: instructions by `next`, and between them the bodies of here-documents by `take`. */
export class LineReader {
  readonly emptyContinuations: EmptyContinuation[] = [];
  readonly #lines: readonly string[];
  readonly #continuation: RegExp;
  #at = 0;

  constructor(lines: readonly string[], escapeCharacter: EscapeCharacter) {
    this.#lines = lines;
    this.#continuation = escapeCharacter === "\\" ? /(^|[^\\])\\[ \t]*$/ : /(^|[^`])`[ \t]*$/;
  }

  /** The number of the last line that was read. */
  get lineNumber(): number {
    return this.#at;
  }

  /** The next instruction; undefined at the end. */
  next(): LogicalLine | undefined {
    let comments: string[] = [];
    for (let line = this.take(); line !== undefined; line = this.take()) {
      const text = withoutReturn(line).trimStart();
      if (isComment(text)) comments = addComment(comments, text);
      else if (text === "") comments = [];
      else return this.#join(text, comments);
    }
    return undefined;
  }

  /** The next line whatever it is, as it stands in the file but for its end; undefined at the end. */
  take(): string | undefined {
    return this.#lines[this.#at++] ?? this.#stay();
  }

  #stay(): undefined {
    this.#at--;
    return undefined;
  }

  #join(first: string, comments: readonly string[]): LogicalLine {
    const startLine = this.#at;
    let hasEmptyLine = false;
    let [code, isContinued] = this.#withoutContinuation(first);
    while (isContinued) {
      const line = this.take();
      if (line === undefined) break;
      const text = withoutReturn(line);
      if (isComment(text)) continue;
      if (text.trim() === "") {
        hasEmptyLine = true;
        continue;
      }
      const [part, goesOn] = this.#withoutContinuation(text);
      code += part;
      isContinued = goesOn;
    }
    const range = { startLine, endLine: this.#at };
    if (hasEmptyLine) this.emptyContinuations.push({ code, range });
    return { code, range, comments };
  }

  #withoutContinuation(line: string): [text: string, isContinued: boolean] {
    const text = line.replace(this.#continuation, "$1");
    return [text, text !== line];
  }
}

function addComment(comments: string[], line: string): string[] {
  const text = line.slice(1).trim();
  return text === "" ? [] : [...comments, text];
}

function isComment(line: string): boolean {
  return line.trimStart().startsWith("#");
}

function withoutReturn(line: string): string {
  return line.replace(/\r+$/, "");
}
