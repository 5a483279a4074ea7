import { describe, expect, it } from "vitest";
import { convertManifest, fitsFormat, formatOfManifest } from "../../src/oci/convert-manifest.ts";
import { type Digest, parseDigest } from "../../src/oci/digest.ts";
import { type Manifest, mediaTypes } from "../../src/oci/image.ts";

const digest = (hex: string): Digest => parseDigest(`sha256:${hex.repeat(64)}`);
const oci: Manifest = {
  schemaVersion: 2,
  mediaType: mediaTypes.ociManifest,
  config: { mediaType: mediaTypes.ociConfig, digest: digest("0"), size: 10 },
  layers: [
    { mediaType: mediaTypes.ociLayerGzip, digest: digest("1"), size: 1, annotations: { a: "b" } },
    { mediaType: mediaTypes.ociLayer, digest: digest("2"), size: 2 },
    {
      mediaType: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
      digest: digest("3"),
      size: 3,
      urls: ["https://example.com/layer"],
    },
  ],
  annotations: { c: "d" },
};
const docker: Manifest = {
  schemaVersion: 2,
  mediaType: mediaTypes.dockerManifest,
  config: { mediaType: mediaTypes.dockerConfig, digest: digest("0"), size: 10 },
  layers: [
    { mediaType: mediaTypes.dockerLayerGzip, digest: digest("1"), size: 1 },
    { mediaType: mediaTypes.dockerLayer, digest: digest("2"), size: 2 },
    {
      mediaType: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
      digest: digest("3"),
      size: 3,
      urls: ["https://example.com/layer"],
    },
  ],
};

describe("convertManifest()", () => {
  it("says the same in the other format, without what that has no place for", () => {
    expect(convertManifest(oci, "docker")).toEqual(docker);
    const [first, ...others] = oci.layers;
    const { annotations: _, ...withoutAnnotations } = oci;
    const plain = { mediaType: first?.mediaType, digest: first?.digest, size: first?.size };
    expect(convertManifest(docker, "oci")).toEqual({ ...withoutAnnotations, layers: [plain, ...others] });
  });

  it("leaves what is as wanted alone, though it does not say what it is", () => {
    const { mediaType: _, ...silent } = oci;
    expect(formatOfManifest(silent)).toBe("oci");
    expect(convertManifest(silent, "oci")).toBe(silent);
    expect(convertManifest(docker, "docker")).toBe(docker);
  });

  it("refuses zstd in Docker's format", () => {
    const zstd = { ...oci, layers: [{ mediaType: mediaTypes.ociLayerZstd, digest: digest("4"), size: 4 }] };
    expect([fitsFormat(oci, "docker"), fitsFormat(zstd, "docker"), fitsFormat(zstd, "oci")]).toEqual([
      true,
      false,
      true,
    ]);
    expect(() => convertManifest(zstd, "docker")).toThrow("it knows no zstd layers");
  });
});
