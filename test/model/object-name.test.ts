import { describe, expect, it } from "vitest";
import { checkName } from "../../src/model/object-name.ts";

describe("checkName()", () => {
  it.each(["a", "web-1.2_x", "0"])("allows the name %s", (name) => expect(checkName(name)).toBe(name));
  it.each(["", "-a", ".a", "a/b", "a b", "ä"])("refuses the name %j", (name) =>
    expect(() => checkName(name)).toThrow(/names must match/),
  );
});
