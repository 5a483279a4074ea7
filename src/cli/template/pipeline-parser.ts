import { functionNames } from "./functions.ts";
import type { Token, TokenKind } from "./lexer.ts";
import type { Command, Operand, Pipeline } from "./tree.ts";
import { unquote } from "./unquote.ts";

/** What a pipeline needs of the parser around it. */
export interface TokenReader {
  readonly text: string;
  readonly variables: string[];
  peek(): Token;
  next(): Token;
  peekNonSpace(): Token;
  nextNonSpace(): Token;
  lastEnd(): number;
  fail(token: Token, message: string): never;
  unexpected(token: Token, context: string): never;
}

/** A pipeline with its declarations, up to and with the token that ends it. */
export function parsePipeline(reader: TokenReader, context: string, end: TokenKind): Pipeline {
  const start = reader.peekNonSpace();
  const { variables, assigns } = parseDeclarations(reader, context);
  const commands: Command[] = [];
  for (;;) {
    const token = reader.peekNonSpace();
    if (token.kind === end) {
      const source = reader.text.slice(start.at, reader.lastEnd()).trim();
      reader.next();
      checkPipeline(reader, { token, context, commands });
      if (!assigns) reader.variables.push(...variables);
      return { kind: "pipeline", variables, assigns, commands, at: start.at, source };
    }
    commands.push(parseCommand(reader, context));
  }
}

function checkPipeline(
  reader: TokenReader,
  { token, context, commands }: { token: Token; context: string; commands: readonly Command[] },
): void {
  if (commands.length === 0) reader.fail(token, `missing value for ${context}`);
  const stage = commands.findIndex(({ operands }, index) => index > 0 && isConstant(operands[0]));
  if (stage > 0) reader.fail(token, `non executable command in pipeline stage ${stage + 1}`);
}

function isConstant({ kind }: Operand): boolean {
  return kind === "constant" || kind === "dot" || kind === "nil";
}

function parseDeclarations(reader: TokenReader, context: string): { variables: string[]; assigns: boolean } {
  const found = /^(\$[\p{L}\p{Nd}_]*)(?:\s*,\s*(\$[\p{L}\p{Nd}_]*))?\s*(:=|=)/u.exec(
    reader.text.slice(reader.peekNonSpace().at),
  );
  if (!found) return { variables: [], assigns: false };
  const variables = found.slice(1, 3).filter((name) => name !== undefined);
  const operator = found[3] as string;
  let token = reader.nextNonSpace();
  while (token.text !== operator) {
    if (operator === "=" && token.kind === "variable") checkVariable(reader, token);
    token = reader.nextNonSpace();
  }
  if (variables.length > 1 && context !== "range") reader.fail(token, `too many declarations in ${context}`);
  return { variables, assigns: operator === "=" };
}

function checkVariable(reader: TokenReader, token: Token): void {
  if (!reader.variables.includes(token.text)) reader.fail(token, `undefined variable ${JSON.stringify(token.text)}`);
}

/** Operands up to `|` (which is read) or what ends the pipeline (which is not). */
function parseCommand(reader: TokenReader, context: string): Command {
  const start = reader.peekNonSpace();
  const operands: Operand[] = [];
  for (;;) {
    reader.peekNonSpace();
    const operand = parseOperand(reader);
    if (operand) operands.push(operand);
    const token = reader.peek();
    if (token.kind === "space" && operand) continue;
    if (token.kind === "pipe") {
      const source = reader.text.slice(start.at, token.at).trim();
      reader.next();
      if (["close", "right-paren"].includes(reader.peekNonSpace().kind)) {
        reader.fail(token, `missing value for ${context}`);
      }
      return finishCommand(reader, { start, operands, source });
    }
    if (token.kind !== "close" && token.kind !== "right-paren") reader.unexpected(token, "operand");
    return finishCommand(reader, { start, operands, source: reader.text.slice(start.at, reader.lastEnd()).trim() });
  }
}

function finishCommand(
  reader: TokenReader,
  { start, operands, source }: { start: Token; operands: Operand[]; source: string },
): Command {
  const [first, ...others] = operands;
  if (first === undefined) return reader.fail(start, "empty command");
  return { operands: [first, ...others], at: start.at, source };
}

/** A term and the fields behind it. */
function parseOperand(reader: TokenReader): Operand | undefined {
  const term = parseTerm(reader);
  if (term === undefined || reader.peek().kind !== "field") return term;
  const at = reader.peek().at;
  const names: string[] = [];
  while (reader.peek().kind === "field") names.push(reader.next().text.slice(1));
  const source = reader.text.slice(term.at, reader.lastEnd());
  switch (term.kind) {
    case "field":
      return { ...term, names: [...term.names, ...names], at, source };
    case "variable":
      return { ...term, names: [...term.names, ...names], at, source };
    case "constant":
    case "nil":
    case "dot":
      return reader.fail(reader.peek(), `unexpected . after term ${JSON.stringify(term.source)}`);
    case "function":
    case "chain":
    case "pipeline":
      return { kind: "chain", operand: term, names, at, source };
  }
}

function parseTerm(reader: TokenReader): Operand | undefined {
  const token = reader.peekNonSpace();
  const node = { at: token.at, source: token.text };
  switch (token.kind) {
    case "identifier":
      if (!functionNames.has(token.text)) reader.fail(token, `function ${JSON.stringify(token.text)} not defined`);
      reader.next();
      return { kind: "function", name: token.text, ...node };
    case "dot":
    case "nil":
      reader.next();
      return { kind: token.kind, ...node };
    case "variable":
      reader.next();
      checkVariable(reader, token);
      return { kind: "variable", name: token.text, names: [], ...node };
    case "field":
      reader.next();
      return { kind: "field", names: [token.text.slice(1)], ...node };
    case "left-paren":
      reader.next();
      return parsePipeline(reader, "parenthesized pipeline", "right-paren");
    default:
      return parseConstant(reader, token);
  }
}

function parseConstant(reader: TokenReader, token: Token): Operand | undefined {
  const value = constantOf(token);
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isNaN(value))
    reader.fail(token, `bad number syntax: ${JSON.stringify(token.text)}`);
  reader.next();
  return { kind: "constant", value, at: token.at, source: token.text };
}

function constantOf({ kind, text }: Token): string | number | boolean | undefined {
  switch (kind) {
    case "bool":
      return text === "true";
    case "number":
      return numberOf(text);
    case "character":
      return unquote(text).codePointAt(0) ?? 0;
    case "string":
    case "raw-string":
      return unquote(text);
    default:
      return undefined;
  }
}

function numberOf(text: string): number {
  const digits = text.replaceAll("_", "").replace(/^[+-]/, "");
  const octal = /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits;
  return Number(octal) * (text[0] === "-" ? -1 : 1);
}
