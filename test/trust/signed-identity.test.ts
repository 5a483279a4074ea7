import { describe, expect, it } from "vitest";
import { parseReference } from "../../src/oci/reference.ts";
import { matchesIdentity, parseIdentityRule } from "../../src/trust/signed-identity.ts";

const digest = `sha256:${"a".repeat(64)}`;
const app = "r.example/team/app";

describe("matchesIdentity()", () => {
  it.each<[object | undefined, string | undefined, string, boolean]>([
    [undefined, `${app}:1`, `${app}:1`, true],
    [undefined, `${app}:1`, `${app}:2`, false],
    [undefined, `${app}:1`, app, false],
    [undefined, `${app}@${digest}`, `${app}:2`, true],
    [undefined, `${app}@${digest}`, `${app}2:2`, false],
    [undefined, "alpine:1", "docker.io/library/alpine:1", true],
    [undefined, undefined, `${app}:1`, false],
    [undefined, `${app}:1`, "no name!", false],
    [{ type: "matchExact" }, `${app}:1`, `${app}:1`, true],
    [{ type: "matchExact" }, `${app}@${digest}`, `${app}:1`, false],
    [{ type: "matchExact" }, `${app}@${digest}`, `${app}@${digest}`, true],
    [{ type: "matchRepository" }, `${app}:1`, `${app}:9`, true],
    [{ type: "matchRepository" }, `${app}:1`, app, true],
    [{ type: "matchRepository" }, `${app}:1`, "r.example/team/other", false],
    [{ type: "exactReference", dockerReference: `${app}:1` }, "mirror.example/x:3", `${app}:1`, true],
    [{ type: "exactReference", dockerReference: `${app}:1` }, undefined, `${app}:1`, true],
    [{ type: "exactReference", dockerReference: `${app}:1` }, `${app}:1`, `${app}:2`, false],
    [{ type: "exactRepository", dockerRepository: app }, undefined, `${app}:7`, true],
    [{ type: "exactRepository", dockerRepository: app }, `${app}:1`, "r.example/team:1", false],
    [
      { type: "remapIdentity", prefix: "mirror.example", signedPrefix: "r.example" },
      "mirror.example/a:1",
      "r.example/a:1",
      true,
    ],
    [
      { type: "remapIdentity", prefix: "mirror.example", signedPrefix: "r.example" },
      "mirror.example/a:1",
      "r.example/a:2",
      false,
    ],
    [
      { type: "remapIdentity", prefix: "mirror.example", signedPrefix: "r.example" },
      "mirror.example:5/a:1",
      "r.example/a:1",
      false,
    ],
    [
      { type: "remapIdentity", prefix: "mirror.example/x", signedPrefix: "r.example/y/z" },
      "mirror.example/x/a:1",
      "r.example/y/z/a:1",
      true,
    ],
    [
      { type: "remapIdentity", prefix: "mirror.example/x", signedPrefix: "r.example/y" },
      "mirror.example/xx:1",
      "mirror.example/xx:1",
      true,
    ],
  ])("%j for %s signed as %s is %s", (rule, image, signed, expected) => {
    const reference = image === undefined ? undefined : parseReference(image);
    expect(matchesIdentity(parseIdentityRule(rule), reference, signed)).toBe(expected);
  });

  it.each([
    [{ type: "exactReference", dockerReference: app }, /neither tag nor digest/],
    [{ type: "exactRepository", dockerRepository: `${app}:1` }, /has a tag/],
    [{ type: "exactRepository" }, /is missing/],
    [{ type: "remapIdentity", prefix: "a b", signedPrefix: "c" }, /invalid prefix/],
    [{ type: "matchExact", more: 1 }, /unknown key/],
  ])("refuses %j", (rule, message) => {
    expect(() => parseIdentityRule(rule)).toThrow(message);
  });
});
