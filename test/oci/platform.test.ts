import { describe, expect, it } from "vitest";
import { isKind } from "../../src/errors.ts";
import { parseDigest } from "../../src/oci/digest.ts";
import type { Descriptor, Index } from "../../src/oci/image.ts";
import {
  chooseManifest,
  formatPlatform,
  hostPlatform,
  matchesPlatform,
  parsePlatform,
} from "../../src/oci/platform.ts";

/** An index with one manifest for each platform written as `os/arch[/variant]`; "-" has no platform. */
function indexOf(...platforms: string[]): Index {
  const manifests = platforms.map((text, position): Descriptor => {
    const [os = "", architecture = "", variant] = text.split("/");
    return {
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest: parseDigest(`sha256:${position.toString(16).padStart(64, "0")}`),
      size: 1,
      ...(text === "-" ? {} : { platform: { os, architecture, ...(variant ? { variant } : {}) } }),
    };
  });
  return { schemaVersion: 2, manifests };
}

function chosen(index: Index, want: string): number {
  return index.manifests.indexOf(chooseManifest(index, parsePlatform(want)));
}

describe("parsePlatform()", () => {
  it.each([
    ["linux/amd64", "linux/amd64"],
    ["linux/x86_64", "linux/amd64"],
    ["Linux/AArch64", "linux/arm64"],
    ["linux/arm/7", "linux/arm/v7"],
    ["linux/armel", "linux/arm/v6"],
    ["arm64", "linux/arm64"],
    ["linux/arm64/v8", "linux/arm64/v8"],
    ["windows/amd64", "windows/amd64"],
    ["linux", `linux/${hostPlatform().architecture}`],
  ])("reads %s as %s", (text, expected) => {
    expect(formatPlatform(parsePlatform(text))).toBe(expected);
  });

  it.each(["", "linux/", "a/b/c/d", "linux/a b", "linux//v7", "linux/amd64\n"])("refuses %j", (text) => {
    expect(() => parsePlatform(text)).toThrow(/invalid platform/);
  });
});

describe("chooseManifest()", () => {
  it.each([
    [["linux/arm64", "linux/amd64"], "linux/amd64", 1],
    [["linux/amd64", "linux/arm64/v8"], "linux/arm64", 1],
    [["linux/arm64"], "linux/arm64/v8", 0],
    [["linux/arm/v5", "linux/arm/v6", "linux/arm/v7", "linux/arm64"], "linux/arm/v7", 2],
    [["linux/arm/v5", "linux/arm/v6", "linux/arm/v7"], "linux/arm/v6", 1],
    [["linux/arm/v5", "linux/arm/v6"], "linux/arm/v7", 1],
    [["linux/arm/v6", "linux/arm/v7"], "linux/arm", 1],
    [["linux/amd64/v3", "linux/amd64"], "linux/amd64", 1],
    [["linux/amd64", "linux/amd64/v2", "linux/amd64/v4"], "linux/amd64/v3", 1],
    [["unknown/unknown", "-"], "linux/amd64", 1],
    [["windows/amd64", "linux/amd64", "linux/amd64"], "linux/amd64", 1],
  ])("of %j for %s takes number %d", (platforms, want, expected) => {
    expect(chosen(indexOf(...platforms), want)).toBe(expected);
  });

  it("ignores os.version and skips attestations that hide behind a real platform", () => {
    const [attestation, image] = indexOf("linux/amd64", "linux/amd64").manifests as [Descriptor, Descriptor];
    const manifests = [
      { ...attestation, annotations: { "vnd.docker.reference.type": "attestation-manifest" } },
      { ...image, platform: { os: "linux", architecture: "amd64", "os.version": "10" } },
    ];
    expect(chooseManifest({ schemaVersion: 2, manifests }, parsePlatform("linux/amd64"))).toBe(manifests[1]);
  });

  it.each([
    [["linux/amd64", "windows/amd64"], "linux/arm64", /architecture "arm64", OS "linux"/],
    [["linux/arm/v7"], "linux/arm/v6", /variant "v6"/],
    [["linux/amd64/v3"], "linux/amd64", /no image found/],
    [["unknown/unknown"], "linux/amd64", /no image found/],
    [[], "linux/amd64", /no image found/],
    [["-", "-"], "linux/amd64", /no image found/],
  ])("of %j finds nothing for %s", (platforms, want, message) => {
    let thrown: unknown;
    try {
      chosen(indexOf(...platforms), want);
    } catch (error) {
      thrown = error;
    }
    expect(isKind(thrown, "not-found")).toBe(true);
    expect((thrown as Error).message).toMatch(message);
  });
});

describe("matchesPlatform()", () => {
  it("compares a variant only if one is asked for", () => {
    const arm7 = { os: "linux", architecture: "arm", variant: "v7" };
    expect(matchesPlatform(arm7, parsePlatform("linux/arm"))).toBe(true);
    expect(matchesPlatform(arm7, parsePlatform("linux/arm/v7"))).toBe(true);
    expect(matchesPlatform(arm7, parsePlatform("linux/arm/v6"))).toBe(false);
    expect(matchesPlatform({ os: "linux", architecture: "x86_64" }, parsePlatform("linux/amd64"))).toBe(true);
  });
});
