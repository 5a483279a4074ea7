import { syntaxError } from "./failure.ts";
import { type Token, type TokenKind, tokenize } from "./lexer.ts";
import { parsePipeline } from "./pipeline-parser.ts";
import type { Branch, Pipeline, Statement, Template } from "./tree.ts";
import { unquote } from "./unquote.ts";

/**
 * Parses a Go text/template.
 * @throws {DhowError} `invalid-argument` in Go's words.
 */
export function parseTemplate(name: string, text: string): Template {
  const parser = new Parser(name, text);
  const body = parser.parseText();
  return { name, text, body, definitions: parser.definitions };
}

type Terminator = "end" | "else" | "end-of-text";

interface Block {
  readonly body: Statement[];
  readonly terminator: Terminator;
}

const openers: ReadonlySet<string> = new Set(["block", "define", "if", "range", "with"]);
const deepestNesting = 300;

/** A walk over the tokens; it is a class for the sake of its position and its stack of variables. */
class Parser {
  readonly definitions = new Map<string, readonly Statement[]>();
  readonly name: string;
  readonly text: string;
  /** Variables that are known at the position, innermost last. */
  variables: string[] = ["$"];
  readonly #tokens: readonly Token[];
  #position = 0;
  #rangeDepth = 0;

  constructor(name: string, text: string) {
    this.name = name;
    this.text = text;
    this.#tokens = tokenize(name, text);
    this.#checkNesting();
  }

  /** The walk goes down a level for each; no honest template gets far. */
  #checkNesting(): void {
    let depth = 0;
    for (const token of this.#tokens) {
      if (token.text === "(" || openers.has(token.text)) depth++;
      else if (token.text === ")" || token.text === "end") depth--;
      if (depth > deepestNesting) this.fail(token, "max expression depth exceeded");
    }
  }

  peek(): Token {
    return this.#tokens[Math.min(this.#position, this.#tokens.length - 1)] as Token;
  }

  next(): Token {
    const token = this.peek();
    this.#position++;
    return token;
  }

  peekNonSpace(): Token {
    while (this.peek().kind === "space") this.next();
    return this.peek();
  }

  nextNonSpace(): Token {
    this.peekNonSpace();
    return this.next();
  }

  /** Where the last token that was read ends. */
  lastEnd(): number {
    const last = this.#tokens[this.#position - 1];
    return last ? last.at + last.text.length : 0;
  }

  fail(token: Token, message: string): never {
    throw syntaxError(this.name, this.text, token.at, message);
  }

  unexpected(token: Token, context: string): never {
    const shown =
      token.kind === "end-of-text" ? "EOF" : token.kind === "keyword" ? `<${token.text}>` : JSON.stringify(token.text);
    return this.fail(token, `unexpected ${shown} in ${context}`);
  }

  parseText(): Statement[] {
    const { body, terminator } = this.#parseStatements();
    if (terminator !== "end-of-text") this.fail(this.peek(), `unexpected {{${terminator}}}`);
    return body;
  }

  /** Statements up to `{{end}}`, `{{else` or the end of the text. Of `else`, what follows is still to be read. */
  #parseStatements(): Block {
    const body: Statement[] = [];
    for (;;) {
      const token = this.next();
      if (token.kind === "end-of-text") return { body, terminator: "end-of-text" };
      if (token.kind === "text") {
        body.push({ kind: "text", text: token.text, at: token.at, source: token.text });
        continue;
      }
      const word = this.peekNonSpace();
      if (word.kind === "keyword" && (word.text === "end" || word.text === "else")) {
        this.next();
        if (word.text === "end") this.#expect("close", "end");
        return { body, terminator: word.text };
      }
      const statement = this.#parseAction();
      if (statement) body.push(statement);
    }
  }

  #parseAction(): Statement | undefined {
    const first = this.peekNonSpace();
    if (first.kind !== "keyword") {
      const pipeline = parsePipeline(this, "command", "close");
      return { kind: "action", pipeline, at: first.at, source: pipeline.source };
    }
    this.next();
    switch (first.text) {
      case "if":
      case "with":
      case "range":
        return this.#parseBranch(first, first.text);
      case "break":
      case "continue":
        return this.#parseJump(first, first.text);
      case "template":
        return this.#parseCall();
      case "define":
        return this.#parseDefinition(first);
      case "block":
        return this.#parseBlock(first);
      default:
        return this.unexpected(first, "command");
    }
  }

  #parseBranch(keyword: Token, kind: "if" | "with" | "range"): Statement {
    const before = this.variables.length;
    const pipeline = parsePipeline(this, kind, "close");
    if (kind === "range") this.#rangeDepth++;
    const { body, terminator } = this.#parseStatements();
    if (kind === "range") this.#rangeDepth--;
    const otherwise = this.#parseElse(kind, terminator);
    this.variables.length = before;
    const branch: Branch = { pipeline, body, otherwise };
    return { kind, ...branch, at: keyword.at, source: `{{${kind} ${pipeline.source}}}` };
  }

  #parseElse(kind: "if" | "with" | "range", terminator: Terminator): Statement[] {
    if (terminator === "end") return [];
    if (terminator === "end-of-text") this.fail(this.peek(), "unexpected EOF");
    const token = this.peekNonSpace();
    if (token.kind === "keyword" && token.text === kind && kind !== "range") {
      this.next();
      return [this.#parseBranch(token, kind)];
    }
    this.#expect("close", "else");
    const { body, terminator: last } = this.#parseStatements();
    if (last === "else") this.fail(this.peek(), "expected end; found {{else}}");
    if (last === "end-of-text") this.fail(this.peek(), "unexpected EOF");
    return body;
  }

  #parseJump(keyword: Token, kind: "break" | "continue"): Statement {
    this.#expect("close", `{{${kind}}}`);
    if (this.#rangeDepth === 0) this.fail(keyword, `{{${kind}}} outside {{range}}`);
    return { kind, at: keyword.at, source: `{{${kind}}}` };
  }

  #parseCall(): Statement {
    const { at } = this.peekNonSpace();
    const name = this.#parseName("template clause");
    const pipeline = this.#parseOptionalPipeline("template clause");
    const data = pipeline === undefined ? "" : ` ${pipeline.source}`;
    return { kind: "template", name, pipeline, at, source: `{{template ${JSON.stringify(name)}${data}}}` };
  }

  #parseDefinition(keyword: Token): undefined {
    const name = this.#parseName("define clause");
    this.#expect("close", "define clause");
    this.#define(keyword, name);
  }

  #parseBlock(keyword: Token): Statement {
    const name = this.#parseName("block clause");
    const pipeline = parsePipeline(this, "block clause", "close");
    this.#define(keyword, name);
    return {
      kind: "template",
      name,
      pipeline,
      at: keyword.at,
      source: `{{template ${JSON.stringify(name)} ${pipeline.source}}}`,
    };
  }

  #define(keyword: Token, name: string): void {
    const outer = this.variables;
    this.variables = ["$"];
    const { body, terminator } = this.#parseStatements();
    if (terminator !== "end") this.fail(keyword, "unexpected EOF");
    this.variables = outer;
    this.definitions.set(name, body);
  }

  #parseName(context: string): string {
    const token = this.nextNonSpace();
    if (token.kind !== "string" && token.kind !== "raw-string") this.unexpected(token, context);
    return unquote(token.text);
  }

  #parseOptionalPipeline(context: string): Pipeline | undefined {
    if (this.peekNonSpace().kind !== "close") return parsePipeline(this, context, "close");
    this.next();
    return undefined;
  }

  #expect(kind: TokenKind, context: string): void {
    const token = this.nextNonSpace();
    if (token.kind !== kind) this.unexpected(token, context);
  }
}
