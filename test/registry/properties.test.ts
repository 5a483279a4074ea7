import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { stringify } from "smol-toml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DhowError, isKind } from "../../src/errors.ts";
import { formatReference, parseReference } from "../../src/oci/reference.ts";
import { type Challenge, parseChallenges } from "../../src/registry/challenge.ts";
import { findPullSources, resolveName } from "../../src/registry/pull-sources.ts";
import { loadRegistriesConfig } from "../../src/registry/registries-conf.ts";
import { parseRetryAfter } from "../../src/registry/retry.ts";

/** The same in every run; fast-check names the smallest input that fails. */
const bounds = { seed: 20_261_128, interruptAfterTimeLimit: 20_000 };

const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}$/);
const value = fc.string({ unit: fc.constantFrom(..."aZ0 ,=\"\\:/?&'") });
const parameters = fc.dictionary(
  token.map((name) => name.toLowerCase()),
  value,
  { maxKeys: 4 },
);
const challenge = fc.record({ scheme: token.map((name) => name.toLowerCase()), parameters });

function write({ scheme, parameters: named }: Challenge): string {
  const texts = Object.entries(named).map(([name, text]) => `${name}="${text.replace(/["\\]/g, "\\$&")}"`);
  return `${scheme} ${texts.join(", ")}`.trim();
}

describe("any WWW-Authenticate header", () => {
  it("that follows the grammar is read as it was meant", () => {
    fc.assert(
      fc.property(fc.array(challenge, { maxLength: 4 }), (challenges) => {
        const read = parseChallenges(challenges.map(write).join(", "));
        expect(read.map((one) => ({ scheme: one.scheme, parameters: { ...one.parameters } }))).toEqual(
          challenges.map((one) => ({ scheme: one.scheme, parameters: { ...one.parameters } })),
        );
      }),
      { ...bounds, numRuns: 3000 },
    );
  });

  it("comes to an end, in a moment, on whatever it holds", () => {
    const piece = fc.oneof(
      fc.constantFrom('"', "\\", "=", ",", " ", "Bearer", "Basic", "realm", "__proto__", "\u0000", "é", ";", "\t"),
      fc.string({ unit: "binary", maxLength: 5 }),
    );
    const header = fc
      .tuple(fc.array(piece, { maxLength: 12 }), fc.integer({ min: 1, max: 400 }))
      .map(([pieces, times]) => pieces.join("").repeat(times));
    fc.assert(
      fc.property(header, (text) => {
        for (const { scheme, parameters: named } of parseChallenges(text)) {
          expect(scheme).toBe(scheme.toLowerCase());
          expect(Object.getPrototypeOf(named)).toBeNull();
        }
      }),
      { ...bounds, numRuns: 3000 },
    );
  });
});

describe("any Retry-After header", () => {
  it("is a time that is not over, or nothing", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.integer().map(String), fc.date({ noInvalidDate: true }).map(String)),
        (text) => {
          const delay = parseRetryAfter(text, Date.UTC(2026, 0, 1));
          expect(delay === undefined || (delay >= 0 && Number.isFinite(delay))).toBe(true);
        },
      ),
      { ...bounds, numRuns: 2000 },
    );
  });
});

describe("any registries.conf", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "dhow-registries-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const odd = fc.oneof(fc.string({ maxLength: 12 }), fc.integer(), fc.boolean(), fc.constant([]));
  const location = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.constantFrom("r.example", "r.example/a", "localhost:5000", "[::1]:7", "r.example/a/", ""),
    },
    fc.constantFrom("*.example", "https://r.example", "a b", "r.example:1/..", "../x", "R.example", "r.example:x"),
    odd,
  );
  const flag = fc.oneof({ weight: 4, arbitrary: fc.boolean() }, odd);
  const endpoint = { location, insecure: flag };
  const registry = fc.record(
    {
      prefix: location,
      ...endpoint,
      blocked: flag,
      "mirror-by-digest-only": flag,
      mirror: fc.array(
        fc.record({ ...endpoint, "pull-from-mirror": fc.constantFrom("all", "digest-only", "tag-only", "no") }),
        { maxLength: 2 },
      ),
    },
    { requiredKeys: [] },
  );
  const document = fc.record(
    {
      "unqualified-search-registries": fc.oneof({ weight: 4, arbitrary: fc.array(location, { maxLength: 3 }) }, odd),
      "short-name-mode": fc.constantFrom("permissive", "disabled", "enforcing", "", "no"),
      aliases: fc.dictionary(fc.constantFrom("x", "a/b", "__proto__", "constructor"), location, { maxKeys: 3 }),
      registry: fc.oneof({ weight: 6, arbitrary: fc.array(registry, { maxLength: 3 }) }, odd),
    },
    { requiredKeys: [] },
  );
  const name = fc.constantFrom("x", "a/b", "constructor", "r.example/a/b", "sub.example/a", "localhost:5000/x:1");

  it("leads to names that are valid, or is refused by the name of its file", () => {
    const file = join(folder, "registries.conf");
    fc.assert(
      fc.property(document, name, (content, wanted) => {
        writeFileSync(file, stringify(content));
        try {
          const config = loadRegistriesConfig({ files: [file], folders: [] });
          for (const candidate of resolveName(config, wanted).candidates) {
            for (const { reference } of findPullSources(config, candidate)) {
              expect(parseReference(formatReference(reference))).toEqual(reference);
            }
          }
        } catch (error) {
          if (!(error instanceof DhowError)) throw error;
          expect(["invalid-argument", "conflict", "permission-denied"]).toContain(error.kind);
        }
      }),
      { ...bounds, numRuns: 1000 },
    );
  });

  it("of whatever text is read or refused by the name of its file", () => {
    const file = join(folder, "garbage.conf");
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."[]=\"'#\n.,{}ab1 \u0000\\x") }), (text) => {
        writeFileSync(file, text);
        try {
          loadRegistriesConfig({ files: [file], folders: [] });
        } catch (error) {
          if (!isKind(error, "invalid-argument")) throw error;
          expect(error.message).toContain(file);
        }
      }),
      { ...bounds, numRuns: 1000 },
    );
  });
});
