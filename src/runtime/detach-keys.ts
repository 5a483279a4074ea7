import { DhowError } from "../errors.ts";

const named: Readonly<Record<string, number>> = { "@": 0, "[": 27, "\\": 28, "]": 29, "^": 30, _: 31, "?": 127 };

/**
 * Reads a key sequence: single characters and `ctrl-X`, separated by commas.
 * @returns The bytes; empty if there is none.
 * @throws {DhowError} `invalid-argument`.
 */
export function parseDetachKeys(text: string): Uint8Array {
  if (text === "") return new Uint8Array();
  return Uint8Array.from(text.split(","), (key) => {
    if (key.length === 1) return key.charCodeAt(0);
    const control = /^ctrl-(.)$/.exec(key)?.[1];
    const code = control && (/[a-z]/.test(control) ? control.charCodeAt(0) - 96 : named[control]);
    if (typeof code !== "number") {
      throw new DhowError(`invalid detach keys: unknown character: '${key}'`, {
        kind: "invalid-argument",
        hint: "give single characters or ctrl-<a-z, @, ^, [, \\, ] or _>, separated by commas: ctrl-p,ctrl-q",
      });
    }
    return code;
  });
}

/** Looks for a key sequence in input that comes in pieces. */
export interface DetachScanner {
  /** @returns What to pass on to the container, and whether the sequence is complete: then the rest of the input is dropped. */
  scan(bytes: Uint8Array): { readonly pass: Uint8Array; readonly detached: boolean };
}

/** Keys of a sequence that has begun are held back until it is clear that it is not the sequence. */
export function detachScanner(keys: Uint8Array): DetachScanner {
  let matched = 0;
  return {
    scan(bytes) {
      if (keys.length === 0) return { pass: bytes, detached: false };
      const pass: number[] = [];
      for (const byte of bytes) {
        if (byte !== keys[matched]) {
          pass.push(...keys.subarray(0, matched));
          matched = 0;
        }
        if (byte === keys[matched]) matched++;
        else pass.push(byte);
        if (matched === keys.length) return { pass: Uint8Array.from(pass), detached: true };
      }
      return { pass: Uint8Array.from(pass), detached: false };
    },
  };
}
