const wordPattern = /(?:[^\s"'\\]|\\[\s\S]?|"(?:[^"\\]|\\[\s\S]?)*"?|'[^']*'?)+/g;
const partPattern = /\\([\s\S]?)|"((?:[^"\\]|\\[\s\S]?)*)"?|'([^']*)'?/g;

/**
 * Splits a command line that is being typed, as a shell would: quotes and backslashes are taken away, nothing is expanded.
 * The last word is the one that is being typed: empty behind a blank.
 */
export function splitShellWords(line: string): string[] {
  const words: string[] = [];
  let end = -1;
  for (const { 0: word, index } of line.matchAll(wordPattern)) {
    words.push(unquote(word));
    end = index + word.length;
  }
  return end === line.length ? words : [...words, ""];
}

function unquote(word: string): string {
  return word.replace(partPattern, (_, escaped?: string, double?: string, single?: string) => {
    return escaped ?? double?.replace(/\\([\s\S]?)/g, "$1") ?? single ?? "";
  });
}
