import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isKind } from "../../src/errors.ts";
import { digestHex, isDigest } from "../../src/oci/digest.ts";
import { parseImageConfig, parseManifest, requireImage } from "../../src/oci/manifest.ts";
import { familiarName, formatReference, parseReference, repositoryName } from "../../src/oci/reference.ts";

/** The same in every run; fast-check names the smallest input that fails. */
const bounds = { seed: 20_261_128, interruptAfterTimeLimit: 20_000 };

const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
const pathComponent = fc
  .array(word, { minLength: 1, maxLength: 3 })
  .chain((words) => fc.constantFrom(".", "_", "__", "-", "---").map((separator) => words.join(separator)));
const host = fc.oneof(
  fc.constantFrom("", "docker.io/", "index.docker.io/", "localhost/", "[::1]:7/", "LOCALHOST.Example/"),
  fc.tuple(word, fc.integer({ min: 1, max: 65_535 })).map(([name, port]) => `${name}:${port}/`),
  word.map((name) => `${name}.example/`),
);
const tag = fc.oneof(
  fc.constant(""),
  fc.stringMatching(/^\w[\w.-]{0,20}$/).map((text) => `:${text}`),
);
const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `sha256:${hex}`);
const validName = fc
  .tuple(host, fc.array(pathComponent, { minLength: 1, maxLength: 4 }), tag, fc.option(digest))
  .map(([registry, path, suffix, pinned]) => registry + path.join("/") + suffix + (pinned ? `@${pinned}` : ""));

/** Text that is close to a name: where the grammar could be got wrong. */
const nearName = fc
  .array(
    fc.oneof(
      fc.constantFrom(..."aZ09._-:/@[]%\\ \u0000\n#?é&=~", "..", "//", "sha256:", "localhost", "docker.io"),
      digest,
      fc.string({ unit: "binary", maxLength: 4 }),
    ),
    { maxLength: 9 },
  )
  .map((parts) => parts.join(""));

describe("any reference", () => {
  it("that is valid survives formatting and parsing again, in full and in short", () => {
    fc.assert(
      fc.property(validName, (text) => {
        const reference = parseReference(text);
        expect(parseReference(formatReference(reference))).toEqual(reference);
        expect(parseReference(familiarName(reference))).toEqual(reference);
        expect(repositoryName(reference)).toBe(`${reference.registry}/${reference.repository}`);
      }),
      { ...bounds, numRuns: 3000 },
    );
  });

  it("has a path that is safe in a URL or a file name, or is refused as an invalid argument in one line", () => {
    fc.assert(
      fc.property(nearName, (text) => {
        const reference = resultOf(() => parseReference(text), "invalid-argument");
        if (reference === undefined) return;
        expect(reference.repository).toMatch(/^[a-z0-9._/-]+$/);
        expect(reference.repository).not.toMatch(/\.\.|\/\/|^\/|\/$/);
        expect(reference.registry).toMatch(/^[a-zA-Z0-9.:[\]-]+$/);
        expect(reference.tag ?? "x").toMatch(/^[\w.-]{1,128}$/);
        if (reference.digest !== undefined) expect(digestHex(reference.digest)).toMatch(/^[0-9a-f]{64}$/);
      }),
      { ...bounds, numRuns: 20_000 },
    );
  });

  it("is read in a moment, however long it is", () => {
    const long = fc
      .tuple(fc.constantFrom("a", "a-", "a.", "a/", "_", "__a", "a:", "@", "[", "a_"), fc.integer({ max: 100_000 }))
      .map(([text, count]) => text.repeat(Math.max(count, 1)));
    fc.assert(
      fc.property(long, (text) => void resultOf(() => parseReference(text), "invalid-argument")),
      { ...bounds, numRuns: 200 },
    );
  });
});

const mediaType = fc.constantFrom(
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v1+prettyjws",
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.oci.image.layer.v1.tar+gzip",
  "constructor",
  "",
);
const wild = fc.oneof(fc.jsonValue(), mediaType, fc.constantFrom(-1, 1.5, 2 ** 60, null));
const descriptor = fc.record(
  {
    mediaType: fc.oneof(mediaType, wild),
    digest: fc.oneof({ weight: 4, arbitrary: digest }, wild),
    size: fc.oneof({ weight: 4, arbitrary: fc.nat() }, wild),
    platform: fc.oneof(wild, fc.record({ os: fc.string(), architecture: fc.string(), variant: wild })),
    annotations: wild,
  },
  { requiredKeys: ["mediaType", "digest", "size"] },
);
const manifest = fc.record(
  {
    schemaVersion: fc.oneof({ weight: 6, arbitrary: fc.constant(2) }, fc.constant(1), wild),
    mediaType: fc.oneof(mediaType, wild),
    artifactType: wild,
    config: fc.oneof({ weight: 4, arbitrary: descriptor }, wild),
    layers: fc.oneof({ weight: 4, arbitrary: fc.array(descriptor, { maxLength: 3 }) }, wild),
    manifests: fc.oneof({ weight: 2, arbitrary: fc.array(descriptor, { maxLength: 3 }) }, wild),
    annotations: wild,
    ["__proto__"]: wild,
  },
  { requiredKeys: [] },
);

describe("any manifest", () => {
  it("has descriptors that can be relied upon, or is refused as corrupt or unsupported", () => {
    fc.assert(
      fc.property(fc.oneof(manifest, fc.jsonValue()), fc.oneof(mediaType, fc.string()), (document, contentType) => {
        const bytes = Buffer.from(JSON.stringify(document));
        const parsed = resultOf(() => parseManifest(bytes, contentType), "corrupt", "unsupported");
        if (parsed === undefined) return;
        const descriptors =
          parsed.kind === "index" ? parsed.index.manifests : [parsed.manifest.config, ...parsed.manifest.layers];
        for (const { digest: named, size, mediaType: type } of descriptors) {
          expect(isDigest(named)).toBe(true);
          expect(Number.isSafeInteger(size) && size >= 0).toBe(true);
          expect(typeof type).toBe("string");
        }
        if (parsed.kind === "manifest") resultOf(() => requireImage(parsed.manifest), "unsupported");
      }),
      { ...bounds, numRuns: 5000 },
    );
  });

  it("of whatever bytes is refused in one line", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(resultOf(() => parseManifest(bytes), "corrupt", "unsupported")).toBeUndefined();
      }),
      { ...bounds, numRuns: 3000 },
    );
  });
});

describe("any image config", () => {
  const texts = fc.oneof({ weight: 3, arbitrary: fc.array(fc.string(), { maxLength: 3 }) }, wild);
  const config = fc.record(
    {
      os: fc.oneof(fc.string(), wild),
      architecture: fc.oneof(fc.string(), wild),
      rootfs: fc.oneof(
        { weight: 6, arbitrary: fc.record({ type: wild, diff_ids: fc.array(digest, { maxLength: 3 }) }) },
        wild,
      ),
      config: fc.oneof(fc.record({ Env: texts, Cmd: texts, User: wild, Labels: wild, Volumes: wild }), wild),
      history: wild,
    },
    { requiredKeys: ["rootfs"] },
  );
  it("has lists of text where containers need them, or is refused as corrupt", () => {
    fc.assert(
      fc.property(config, (document) => {
        const parsed = resultOf(() => parseImageConfig(Buffer.from(JSON.stringify(document))), "corrupt");
        if (parsed === undefined) return;
        expect(parsed.rootfs.diff_ids.every(isDigest)).toBe(true);
        for (const list of [parsed.config?.Env, parsed.config?.Cmd])
          expect(list === undefined || list.every((item) => typeof item === "string")).toBe(true);
      }),
      { ...bounds, numRuns: 5000 },
    );
  });
});

/** The result; undefined for a failure of these kinds, told in one line. Any other failure is a defect. */
function resultOf<T>(work: () => T, ...kinds: Parameters<typeof isKind>[1][]): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!kinds.some((kind) => isKind(error, kind))) throw error;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
    expect((error as Error).message).not.toMatch(/[\u0000-\u001f]/);
    expect((error as Error).message.length).toBeLessThan(1000);
    return undefined;
  }
}
