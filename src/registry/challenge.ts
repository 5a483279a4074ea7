/** One way of signing in that a server offers in a WWW-Authenticate header. */
export interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** By lower-case name. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** Longer headers are not worth reading: no honest server sends one. */
const longestHeader = 16_384;
const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;

/**
 * Parses a WWW-Authenticate header (several headers joined with commas). Never fails: what cannot be understood is left out.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1
 */
export function parseChallenges(header: string): Challenge[] {
  if (header.length > longestHeader) return [];
  const scanner = new Scanner(header);
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  while (!scanner.isAtEnd) {
    scanner.skip(/[\s,]*/y);
    const word = scanner.take(token);
    if (word === undefined) {
      // Nothing that belongs to the grammar: go on behind the next comma.
      scanner.skip(/[^,]*,?/y);
      continue;
    }
    const value = readParameterValue(scanner);
    const current = challenges.at(-1);
    // A word without "=" begins the next challenge.
    if (value === undefined) challenges.push({ scheme: word.toLowerCase(), parameters: Object.create(null) });
    else if (current) current.parameters[word.toLowerCase()] ??= value;
  }
  return challenges;
}

function readParameterValue(scanner: Scanner): string | undefined {
  if (scanner.take(/\s*=\s*/y) === undefined) return undefined;
  const quoted = scanner.take(/"(?:[^"\\]|\\.)*"/sy);
  if (quoted !== undefined) return quoted.slice(1, -1).replace(/\\(.)/gs, "$1");
  return scanner.take(token) ?? "";
}

/** A place in a text that only moves forward. */
class Scanner {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#text.length;
  }

  /** Moves over what the sticky pattern matches here; undefined if it does not match. */
  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#position;
    const match = pattern.exec(this.#text)?.[0];
    if (match !== undefined) this.#position += match.length;
    return match;
  }

  skip(pattern: RegExp): void {
    this.take(pattern);
  }
}
