import { parseIgnoreFile } from "../context/ignore.ts";

/**
 * What patterns of --exclude leave out: paths in the source that one fits, and everything below them.
 * @throws {DhowError} `invalid-argument` for a pattern that is none.
 */
export function excluder(patterns: readonly string[]): (path: string) => boolean {
  if (patterns.length === 0) return () => false;
  return parseIgnoreFile(patterns.join("\n"), "--exclude").isIgnored;
}
