import { DhowError } from "../errors.ts";
import type { Descriptor, Index, Platform } from "./image.ts";

/** Other spellings of architectures: those of uname, Debian and Node. */
const architectureAliases: Readonly<Record<string, string>> = {
  x86_64: "amd64",
  "x86-64": "amd64",
  x64: "amd64",
  aarch64: "arm64",
  armhf: "arm",
  armel: "arm",
  i386: "386",
  i686: "386",
  ia32: "386",
  ppc64el: "ppc64le",
};

const knownArchitectures = ["amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64", "loong64", "mips64le"];
const platformWord = /^[A-Za-z0-9_.-]+$/;

/** Variants from the newest down: an older one runs on a newer machine. "" is the oldest of its row. */
const variantOrder: Readonly<Record<string, readonly string[]>> = {
  amd64: ["v4", "v3", "v2", "v1"],
  arm64: ["v9.5", "v9", "v8.2", "v8.1", "v8"],
  arm: ["v8", "v7", "v6", "v5"],
};
/** What an image means that names no variant, and what this machine is taken for unless it is named. */
const baseVariants: Readonly<Record<string, string>> = { amd64: "v1", arm64: "v8", arm: "v7" };

/** A platform as it is found in configs: the words may be other spellings. */
export interface LoosePlatform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
}

/** The platform of this machine's containers. */
export function hostPlatform(): Platform {
  return normalizePlatform({ os: "linux", architecture: process.arch });
}

/**
 * Reads `os[/architecture[/variant]]`; what is missing is this machine's. One known architecture alone is accepted too, as Docker does.
 * @throws {DhowError} `invalid-argument`.
 */
export function parsePlatform(text: string): Platform {
  const [first = "", second, variant, ...rest] = text.split("/");
  const words = [first, second, variant].filter((word) => word !== undefined);
  if (rest.length > 0 || !words.every((word) => platformWord.test(word))) {
    throw new DhowError(`invalid platform ${JSON.stringify(text.slice(0, 100))}`, {
      kind: "invalid-argument",
      hint: "a platform is written os/architecture[/variant], for example linux/arm64",
    });
  }
  if (second === undefined && isArchitecture(first)) return normalizePlatform({ os: "linux", architecture: first });
  const architecture = second ?? hostPlatform().architecture;
  return normalizePlatform({ os: first, architecture, ...(variant === undefined ? {} : { variant }) });
}

/** `os/architecture[/variant]`. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return `${os}/${architecture}${variant === undefined ? "" : `/${variant}`}`;
}

/** Whether an image made for `have` is what somebody who wants `want` asked for; a variant matters only if it is named. */
export function matchesPlatform(have: LoosePlatform, want: Platform): boolean {
  const image = normalizePlatform(have);
  if (image.os !== want.os || image.architecture !== want.architecture) return false;
  return want.variant === undefined || variantRank(image, want) !== undefined;
}

/** Whether an image for the one platform replaces one for the other. A variant that is not named is the usual one. */
export function isSamePlatform(one: LoosePlatform, other: LoosePlatform): boolean {
  const [a, b] = [one, other].map(normalizePlatform) as [Platform, Platform];
  const base = baseVariants[a.architecture];
  return a.os === b.os && a.architecture === b.architecture && (a.variant ?? base) === (b.variant ?? base);
}

/** The image that suits the platform best, of several that one name stands for; undefined if none does. */
export function choosePlatform<T extends LoosePlatform>(images: readonly T[], want: Platform): T | undefined {
  let best: { image: T; rank: number } | undefined;
  for (const image of images) {
    if (!matchesPlatform(image, want)) continue;
    const rank = variantRank(normalizePlatform(image), want) ?? Number.POSITIVE_INFINITY;
    if (best === undefined || rank < best.rank) best = { image, rank };
  }
  return best?.image;
}

/**
 * Chooses the manifest of an index that suits the platform best. Attestations and manifests for unknown platforms are never chosen.
 * @throws {DhowError} `not-found` with podman's wording; the hint lists what there is.
 */
export function chooseManifest(index: Index, want: Platform): Descriptor {
  const images = index.manifests.filter((descriptor) => !isAttestation(descriptor));
  let best: { descriptor: Descriptor; rank: number } | undefined;
  for (const descriptor of images) {
    const rank = descriptor.platform && rankOf(normalizePlatform(descriptor.platform), want);
    if (rank !== undefined && (best === undefined || rank < best.rank)) best = { descriptor, rank };
  }
  if (best) return best.descriptor;
  const [only, ...others] = images;
  // A lone manifest that names no platform can only be meant for everybody; its config is checked later.
  if (only && others.length === 0 && only.platform === undefined) return only;
  throw noSuchPlatform(images, want);
}

function rankOf(have: Platform, want: Platform): number | undefined {
  if (have.os !== want.os || have.architecture !== want.architecture) return undefined;
  return variantRank(have, want);
}

/** 0 for the wanted variant, more for older ones, undefined for those that would not run. */
function variantRank(have: Platform, want: Platform): number | undefined {
  const { architecture } = want;
  const base = baseVariants[architecture] ?? "";
  const [offered, wanted] = [have.variant ?? base, want.variant ?? base];
  if (offered === wanted) return have.variant === want.variant ? 0 : 0.5;
  const order = variantOrder[architecture] ?? [];
  const distance = order.indexOf(offered) - order.indexOf(wanted);
  const known = order.includes(offered) && order.includes(wanted);
  return known && distance > 0 ? distance : undefined;
}

/** Build tools list provenance and SBOM documents beside the images, for a platform that nobody has. */
export function isAttestation({ platform, annotations }: Descriptor): boolean {
  return (
    annotations?.["vnd.docker.reference.type"] === "attestation-manifest" ||
    (platform?.os === "unknown" && platform.architecture === "unknown")
  );
}

function noSuchPlatform(images: readonly Descriptor[], want: Platform): DhowError {
  const variant = want.variant === undefined ? "" : `, variant "${want.variant}"`;
  const there = images.flatMap(({ platform }) => (platform ? [formatPlatform(platform)] : []));
  return new DhowError(
    `no image found in image index for architecture "${want.architecture}"${variant}, OS "${want.os}"`,
    {
      kind: "not-found",
      ...(there.length === 0 ? {} : { hint: `the image is there for ${[...new Set(there)].slice(0, 20).join(", ")}` }),
    },
  );
}

function isArchitecture(word: string): boolean {
  return knownArchitectures.includes(architectureAliases[word.toLowerCase()] ?? word.toLowerCase());
}

function normalizePlatform(platform: LoosePlatform): Platform {
  const written = platform.architecture.toLowerCase();
  const variant = platform.variant?.toLowerCase() || (written === "armel" ? "v6" : undefined);
  return {
    os: platform.os.toLowerCase(),
    architecture: architectureAliases[written] ?? written,
    ...(variant === undefined ? {} : { variant: /^\d/.test(variant) ? `v${variant}` : variant }),
  };
}
