import { describe, expect, it } from "vitest";
import { DhowError, type ErrorKind } from "../../src/errors.ts";
import { mediaTypes } from "../../src/oci/image.ts";
import { parseImageConfig, parseManifest, requireImage } from "../../src/oci/manifest.ts";

const digest = `sha256:${"ab".repeat(32)}`;
const config = { mediaType: mediaTypes.ociConfig, digest, size: 10 };
const layer = { mediaType: mediaTypes.ociLayerGzip, digest, size: 20 };
const manifest = { schemaVersion: 2, config, layers: [layer] };
const index = { schemaVersion: 2, manifests: [{ mediaType: mediaTypes.ociManifest, digest, size: 5 }] };

function encode(value: unknown): Uint8Array {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
}

function failureOf(work: () => unknown): { kind: ErrorKind; message: string } {
  try {
    work();
  } catch (error) {
    if (error instanceof DhowError) return { kind: error.kind, message: error.message };
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("parseManifest()", () => {
  it.each([
    ["an OCI manifest", { ...manifest, mediaType: mediaTypes.ociManifest }, "", "manifest"],
    ["a manifest that does not name its type", manifest, mediaTypes.ociManifest, "manifest"],
    ["a manifest that nobody names", manifest, "text/plain; charset=utf-8", "manifest"],
    ["a Docker manifest", { ...manifest, mediaType: mediaTypes.dockerManifest }, mediaTypes.dockerManifest, "manifest"],
    ["an OCI index", index, `${mediaTypes.ociIndex}; charset=utf-8`, "index"],
    ["a Docker manifest list", { ...index, mediaType: mediaTypes.dockerManifestList }, "", "index"],
    ["an index that nobody names", index, "", "index"],
    [
      "a manifest that says so itself, against the registry",
      { ...manifest, mediaType: mediaTypes.ociManifest },
      mediaTypes.ociIndex,
      "manifest",
    ],
  ])("reads %s", (_, document, contentType, kind) => {
    expect(parseManifest(encode(document), contentType).kind).toBe(kind);
  });

  it("treats null as absent, as Go writes it", () => {
    const parsed = parseManifest(encode({ ...manifest, annotations: null, config: { ...config, platform: null } }));
    expect(parsed.kind === "manifest" && parsed.manifest.config.platform).toBeUndefined();
  });

  it.each([
    ["no JSON", "<html>", "it is not JSON"],
    ["bytes that are not UTF-8", Buffer.from([0x22, 0xff, 0x22]).toString("latin1"), "it is not a JSON object"],
    ["nothing", "", "it is not JSON"],
    ["a list", [], "it is not a JSON object"],
    ["null", "null", "it is not a JSON object"],
    ["a wrong schema version", { ...manifest, schemaVersion: 3 }, "schemaVersion is not 2"],
    ["no schema version", { config, layers: [] }, "schemaVersion is not 2"],
    ["manifest and index in one", { ...manifest, ...index }, "it is both a manifest and an index"],
    ["no layers", { schemaVersion: 2, config }, "layers is missing or not a list"],
    ["no config", { schemaVersion: 2, layers: [] }, "config is missing or not an object"],
    ["a null layer", { ...manifest, layers: [null] }, "layers[0] is missing or not an object"],
    ["a negative size", { ...manifest, layers: [{ ...layer, size: -1 }] }, "layers[0] has no valid size"],
    ["a fractional size", { ...manifest, layers: [{ ...layer, size: 1.5 }] }, "layers[0] has no valid size"],
    ["a textual size", { ...manifest, layers: [{ ...layer, size: "1" }] }, "layers[0] has no valid size"],
    ["a huge size", { ...manifest, layers: [{ ...layer, size: 1e300 }] }, "layers[0] has no valid size"],
    [
      "a path for a digest",
      { ...manifest, layers: [{ ...layer, digest: "sha256:../../etc" }] },
      "layers[0] has no valid sha256 digest",
    ],
    [
      "an upper-case digest",
      { ...manifest, config: { ...config, digest: digest.toUpperCase() } },
      "config has no valid sha256 digest",
    ],
    ["no media type", { ...manifest, config: { digest, size: 1 } }, "config has no media type"],
    [
      "a wrong platform",
      { schemaVersion: 2, manifests: [{ ...layer, platform: { os: 1 } }] },
      "manifests[0] has no valid platform",
    ],
    ["an index for a manifest", { ...index, mediaType: mediaTypes.ociManifest }, "config is missing or not an object"],
  ])("refuses %s as corrupt", (_, document, message) => {
    const failure = failureOf(() => parseManifest(encode(document)));
    expect(failure.kind).toBe("corrupt");
    expect(failure.message).toContain(message);
  });

  it("refuses more than 4 MiB before reading it", () => {
    const failure = failureOf(() => parseManifest(Buffer.alloc((4 << 20) + 1, " ")));
    expect(failure).toEqual({ kind: "corrupt", message: "invalid manifest: it is larger than 4 MiB" });
  });

  it("refuses schema 1 and unknown types as unsupported", () => {
    expect(failureOf(() => parseManifest(encode({ schemaVersion: 1, name: "x", fsLayers: [] }))).message).toContain(
      "schema 1",
    );
    const unknown = failureOf(() => parseManifest(encode({ ...manifest, mediaType: "application/x" })));
    expect(unknown).toEqual({ kind: "unsupported", message: 'unsupported manifest type "application/x"' });
  });
});

describe("requireImage()", () => {
  const parse = (document: unknown) => {
    const parsed = parseManifest(encode(document));
    if (parsed.kind !== "manifest") throw new Error("not a manifest");
    return parsed.manifest;
  };

  it("accepts every kind of layer that is a file system", () => {
    const types = [
      mediaTypes.ociLayer,
      mediaTypes.ociLayerZstd,
      mediaTypes.dockerLayerGzip,
      "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    ];
    expect(() =>
      requireImage(parse({ ...manifest, layers: types.map((mediaType) => ({ ...layer, mediaType })) })),
    ).not.toThrow();
  });

  it("refuses artifacts and layers of other kinds", () => {
    const artifact = parse({
      ...manifest,
      artifactType: "application/x.helm",
      config: { ...config, mediaType: "application/vnd.oci.empty.v1+json" },
    });
    expect(failureOf(() => requireImage(artifact))).toMatchObject({
      kind: "unsupported",
      message: expect.stringContaining("application/x.helm"),
    });
    const encrypted = parse({ ...manifest, layers: [{ ...layer, mediaType: `${mediaTypes.ociLayerGzip}+encrypted` }] });
    expect(failureOf(() => requireImage(encrypted)).kind).toBe("unsupported");
    const prototype = parse({ ...manifest, layers: [{ ...layer, mediaType: "constructor" }] });
    expect(failureOf(() => requireImage(prototype)).kind).toBe("unsupported");
  });
});

describe("parseImageConfig()", () => {
  const document = { os: "linux", architecture: "amd64", rootfs: { type: "layers", diff_ids: [digest] } };

  it("drops the nulls of Go and fills in what old images lack", () => {
    const parsed = parseImageConfig(
      encode({ ...document, os: undefined, config: { Cmd: ["sh"], Entrypoint: null, Labels: null } }),
      1,
    );
    expect(parsed.os).toBe("linux");
    expect(parsed.config).toEqual({ Cmd: ["sh"] });
  });

  it.each([
    ["no rootfs", { os: "linux" }],
    ["a wrong diff id", { ...document, rootfs: { type: "layers", diff_ids: ["sha256:x"] } }],
    ["a null diff id", { ...document, rootfs: { type: "layers", diff_ids: [null] } }],
    ["too few diff ids", { ...document, rootfs: { type: "layers", diff_ids: [] } }],
    ["a command that is text", { ...document, config: { Cmd: "sh" } }],
    ["an environment of numbers", { ...document, config: { Env: [1] } }],
    ["labels that are no text", { ...document, config: { Labels: { a: {} } } }],
    ["an architecture that is a number", { ...document, architecture: 1 }],
  ])("refuses %s", (_, value) => {
    expect(failureOf(() => parseImageConfig(encode(value), 1)).kind).toBe("corrupt");
  });
});
