import { cut, invalid, splitList } from "../../container/config/values.ts";

/** A value of the form `key=value,key=value`; a word without an equals sign has the value `undefined`. */
export interface Fields {
  get(key: string): string | undefined;
  has(key: string): boolean;
  /** @throws {DhowError} `invalid-argument` if the key is not there or empty. */
  need(key: string): string;
}

export interface FieldRules {
  /** As `--secret`, for messages. */
  readonly flag: string;
  /** The keys that are known; those that stand for another by its name. */
  readonly keys: Readonly<Record<string, string>>;
}

/** @throws {DhowError} `invalid-argument` for keys that are not known. */
export function parseFields(text: string, { flag, keys }: FieldRules): Fields {
  const values = new Map<string, string | undefined>();
  for (const field of splitList([text])) {
    const [key, value] = cut(field, "=");
    const name = Object.hasOwn(keys, key.trim()) ? keys[key.trim()] : undefined;
    if (name === undefined) {
      throw invalid(
        `${flag}: unknown key ${JSON.stringify(key)} in ${JSON.stringify(text)}`,
        `known are ${Object.keys(keys).join(", ")}`,
      );
    }
    values.set(name, value);
  }
  return {
    get: (key) => values.get(key),
    has: (key) => values.has(key),
    need(key) {
      const value = values.get(key);
      if (value) return value;
      throw invalid(`${flag}: ${key} is missing in ${JSON.stringify(text)}`);
    },
  };
}

/** `name=value` words as a record; a word without an equals sign has an empty value. @throws {DhowError} `invalid-argument` without a name. */
export function parsePairs(words: readonly string[], flag: string): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const word of words) {
    const [name, value = ""] = cut(word, "=");
    if (name === "") throw invalid(`${flag}: ${JSON.stringify(word)} has no name`);
    pairs[name] = value;
  }
  return pairs;
}
