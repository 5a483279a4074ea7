import { DhowError } from "../errors.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Parses JSON that decides about trust: an object must not have one key twice, since readers disagree about what that means.
 * @param what Names the document in messages.
 * @throws {DhowError} `corrupt`.
 */
export function parseStrictJson(text: string, what: string): unknown {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw new DhowError(`${what} is not JSON`, { kind: "corrupt", cause });
  }
  const twice = findDuplicateKey(text);
  if (twice !== undefined) throw new DhowError(`${what} has the key ${twice} twice`, { kind: "corrupt" });
  return document;
}

/**
 * Checks that a value is an object of known fields.
 * @param fields By name, whether each must be there.
 * @throws {DhowError} `corrupt`.
 */
export function requireFields(value: unknown, what: string, fields: Readonly<Record<string, boolean>>): JsonObject {
  if (!isObject(value)) throw new DhowError(`${what} is not an object`, { kind: "corrupt" });
  const unknown = Object.keys(value).find((key) => !Object.hasOwn(fields, key));
  if (unknown !== undefined)
    throw new DhowError(`unknown key ${JSON.stringify(unknown)} in ${what}`, { kind: "corrupt" });
  const missing = Object.keys(fields).find((key) => fields[key] && value[key] === undefined);
  if (missing !== undefined)
    throw new DhowError(`key ${JSON.stringify(missing)} is missing in ${what}`, { kind: "corrupt" });
  return value;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const tokens = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}]/gs;

/** The first key that an object has twice, quoted. The text must be valid JSON. */
function findDuplicateKey(text: string): string | undefined {
  const open: Set<string>[] = [];
  for (const [token, colon] of text.matchAll(tokens)) {
    if (token === "{") open.push(new Set());
    else if (token === "}") open.pop();
    else if (colon !== undefined) {
      const written = token.slice(0, -colon.length);
      const key = JSON.parse(written) as string;
      if (open.at(-1)?.has(key)) return written;
      open.at(-1)?.add(key);
    }
  }
  return undefined;
}
