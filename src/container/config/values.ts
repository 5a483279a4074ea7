import { DhowError } from "../../errors.ts";

/**
 * Splits values of a flag that podman declares as comma-separated list: `-p 80,81`, `--cap-add a,b`. Quotes as in CSV
 * keep commas together. An empty value holds nothing.
 */
export function splitList(values: readonly string[]): string[] {
  const given = values.filter((value) => value !== "");
  return given.flatMap((value) => (value.includes('"') ? splitQuoted(value) : value.split(",")));
}

function splitQuoted(value: string): string[] {
  const fields: string[] = [];
  for (const [, quoted, plain] of value.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)) {
    fields.push(quoted === undefined ? (plain ?? "") : quoted.replaceAll('""', '"'));
  }
  return fields;
}

/** Cuts at the first separator; the second part is undefined when there is none. */
export function cut(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** A size as `64m`, `65536k` or `1.5gb`: binary units, as docker's RAMInBytes. */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp])?i?b?$/i.exec(text);
  if (!match) throw invalid(`invalid size: '${text}'`);
  const power = match[2] === undefined ? 0 : "kmgtp".indexOf(match[2].toLowerCase()) + 1;
  return Math.floor(Number(match[1]) * 1024 ** power);
}

/** A size in decimal units, as docker's FromHumanSize; log sizes use it. */
export function parseHumanSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp])?b?$/i.exec(text);
  if (!match) throw invalid(`invalid size: '${text}'`);
  const power = match[2] === undefined ? 0 : "kmgtp".indexOf(match[2].toLowerCase()) + 1;
  return Math.floor(Number(match[1]) * 1000 ** power);
}

/** Go's strconv.ParseBool. */
export function parseBoolean(text: string): boolean | undefined {
  if (["1", "t", "T", "true", "TRUE", "True"].includes(text)) return true;
  if (["0", "f", "F", "false", "FALSE", "False"].includes(text)) return false;
  return undefined;
}

export function invalid(message: string, hint?: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument", ...(hint === undefined ? {} : { hint }) });
}

export function unsupported(message: string, hint?: string): DhowError {
  return new DhowError(message, { kind: "unsupported", ...(hint === undefined ? {} : { hint }) });
}
