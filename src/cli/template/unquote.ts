/** The value of a quoted or raw Go string. */
export function unquote(literal: string): string {
  if (literal[0] === "`") return literal.slice(1, -1);
  return literal
    .slice(1, -1)
    .replace(/\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|(.))/gs, characterOf);
}

function characterOf(_: string, ...groups: (string | undefined)[]): string {
  const [hex2, hex4, hex8, octal, letter] = groups;
  const hex = hex2 ?? hex4 ?? hex8;
  if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
  if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
  return letters[letter ?? ""] ?? letter ?? "";
}

const letters: Readonly<Record<string, string>> = { a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };
