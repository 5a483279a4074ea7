import { describe, expect, it } from "vitest";
import { parseChallenges } from "../../src/registry/challenge.ts";

function plain(header: string) {
  return parseChallenges(header).map(({ scheme, parameters }) => ({ scheme, ...parameters }));
}

describe("parseChallenges()", () => {
  it.each([
    [
      'Bearer realm="https://a.example/token",service="r.example",scope="repository:a/b:pull,push"',
      [{ scheme: "bearer", realm: "https://a.example/token", service: "r.example", scope: "repository:a/b:pull,push" }],
    ],
    ['Basic realm="x"', [{ scheme: "basic", realm: "x" }]],
    ["basic REALM=x", [{ scheme: "basic", realm: "x" }]],
    [
      'Negotiate, Basic realm="a, b", Bearer realm="c"',
      [{ scheme: "negotiate" }, { scheme: "basic", realm: "a, b" }, { scheme: "bearer", realm: "c" }],
    ],
    [
      'Bearer realm = "a\\"b\\\\c" , error="insufficient_scope"',
      [{ scheme: "bearer", realm: 'a"b\\c', error: "insufficient_scope" }],
    ],
    ['Bearer realm="first",realm="second"', [{ scheme: "bearer", realm: "first" }]],
    ["", []],
    [",,, ,", []],
    ['="x"', []],
    ['Bearer realm="open', [{ scheme: "bearer", realm: "" }]],
    ['Bearer __proto__="x"', [{ scheme: "bearer" }]],
    [`Bearer realm="${"a".repeat(20_000)}"`, []],
  ])("reads %s", (header, expected) => {
    expect(plain(header)).toEqual(expected.map((challenge) => expect.objectContaining(challenge)));
  });
});
