/** The words of instructions: quotes, backslashes and variables, as in a Containerfile. */

/** Splits at white space outside of quotes; a backslash takes the next character as it is. */
export function splitWords(text: string, { keepQuotes = false } = {}): string[] {
  const words: string[] = [];
  for (const [word] of text.matchAll(/(?:\\[\s\S]|"(?:\\[\s\S]|[^"\\])*"|'[^']*'|[^\s])+/g)) {
    words.push(keepQuotes ? word : unquote(word));
  }
  return words;
}

function unquote(word: string): string {
  return expandVariables(word, () => undefined, { removeQuotes: true, keepVariables: true });
}

export interface ExpandOptions {
  /** Takes quotes and backslashes away. */
  readonly removeQuotes?: boolean;
  readonly keepVariables?: boolean;
}

const part = /\\([\s\S])|'([^']*)'|"()|\$\{(\w+)(?:(:?[-+])([^}]*))?\}|\$(\w+)|([^\\'"$]+|[\s\S])/g;

/**
 * Replaces `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+other}`, not in single quotes and not behind a backslash. What is not
 * known is empty.
 */
export function expandVariables(
  text: string,
  lookUp: (name: string) => string | undefined,
  { removeQuotes = false, keepVariables = false }: ExpandOptions = {},
): string {
  return text.replaceAll(part, (whole: string, ...groups: (string | undefined)[]) => {
    const [escaped, single, double, braced, operator, word = "", bare] = groups;
    const quoting = escaped ?? single ?? double;
    if (quoting !== undefined) return removeQuotes || escaped === "$" ? quoting : whole;
    const name = keepVariables ? undefined : (braced ?? bare);
    return name === undefined ? whole : choose(lookUp(name), operator, expandVariables(word, lookUp));
  });
}

/** The colon counts an empty value as none. */
function choose(value: string | undefined, operator: string | undefined, word: string): string {
  const isSet = value !== undefined && !(operator?.startsWith(":") && value === "");
  if (operator?.endsWith("-")) return isSet ? (value as string) : word;
  if (operator?.endsWith("+")) return isSet ? word : "";
  return value ?? "";
}
