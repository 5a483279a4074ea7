import { describe, expect, it } from "vitest";
import { parseMode } from "../../../src/build/files/modes.ts";

describe("parseMode()", () => {
  it.each([
    ["755", 0o644, false, 0o755],
    ["4755", 0o644, false, 0o4755],
    ["0", 0o644, true, 0],
    ["+x", 0o644, false, 0o755],
    ["u=rwX,go=rX", 0o600, true, 0o755],
    ["u=rwX,go=rX", 0o600, false, 0o644],
    ["u=rwX,go=rX", 0o700, false, 0o755],
    ["a-w", 0o666, false, 0o444],
    ["u=rw,go=", 0o777, false, 0o600],
    ["g=u", 0o640, false, 0o660],
    ["u+s,g+s", 0o755, false, 0o6755],
    ["+t", 0o777, true, 0o1777],
    ["u=rwx", 0o4644, false, 0o744],
    ["go-rwx,u+x-w", 0o666, false, 0o500],
  ])("%s of %o (a directory: %s) is %o", (text, mode, isDirectory, expected) => {
    expect(parseMode(text)(mode, isDirectory)).toBe(expected);
  });

  it.each(["", "8", "77777", "u~x", "rwx", "u=rwx,", "u=q"])("refuses %j", (text) => {
    expect(() => parseMode(text)).toThrow(`invalid chmod parameter: '${text}'`);
  });
});
