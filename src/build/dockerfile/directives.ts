import type { Directive, EscapeCharacter } from "./ast.ts";
import { failAt } from "./failure.ts";

const names = new Set(["syntax", "escape", "check"]);

/**
 * Reads the comments of the form `# name=value` at the head of a Dockerfile; the first line that is anything else ends them.
 * @throws {DhowError} `invalid-argument` if one stands there twice.
 */
export function parseDirectives(lines: readonly string[], fileName: string): Directive[] {
  const found: Directive[] = [];
  for (const [index, text] of lines.entries()) {
    const directive = parseDirective(text, index + 1);
    if (directive === undefined) break;
    if (found.some(({ name }) => name === directive.name)) {
      throw failAt({ fileName, line: directive.line }, `only one ${directive.name} parser directive can be used`);
    }
    found.push(directive);
  }
  return found;
}

function parseDirective(text: string, line: number): Directive | undefined {
  const match = /^\s*#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/.exec(text);
  const name = match?.[1]?.toLowerCase() ?? "";
  return names.has(name) ? { name: name as Directive["name"], value: match?.[2] as string, line } : undefined;
}

/** @throws {DhowError} `invalid-argument` if the directive names another character. */
export function escapeCharacterOf(directives: readonly Directive[], fileName: string): EscapeCharacter {
  const directive = directives.find(({ name }) => name === "escape");
  if (directive === undefined) return "\\";
  const { value, line } = directive;
  if (value === "\\" || value === "`") return value;
  throw failAt({ fileName, line }, `invalid escape token '${value}' does not match \` or \\`);
}
