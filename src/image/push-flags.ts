import { DhowError } from "../errors.ts";
import type { ManifestFormat } from "../oci/convert-manifest.ts";
import type { PushOptions } from "./push.ts";
import { type RegistryFlags, readRegistryFlags } from "./registry-flags.ts";

/** The flags of push, by long name. */
export interface PushFlags extends RegistryFlags {
  readonly format: string | undefined;
  readonly "compression-format": string | undefined;
  readonly "compression-level": number | undefined;
  readonly "force-compression": boolean;
  readonly compress: boolean;
  readonly "encryption-key": readonly string[];
  readonly "encrypt-layer": readonly string[];
}

const formats: Readonly<Record<string, ManifestFormat>> = { oci: "oci", v2s2: "docker", docker: "docker" };
/** The strongest level of each compression. */
const strongest = { gzip: 9, zstd: 22 } as const;

/**
 * Reads the flags.
 * @param isGiven Whether the user gave a flag, whatever its value.
 * @throws {DhowError} `invalid-argument`; `unsupported` for encryption and formats of the past.
 */
export function readPushFlags(flags: PushFlags, isGiven: (flag: keyof PushFlags) => boolean): PushOptions {
  for (const flag of ["encryption-key", "encrypt-layer"] as const) {
    if (flags[flag].length > 0) throw unsupported(`--${flag}: dhow does not encrypt images`);
  }
  const compression = readCompression(flags["compression-format"]);
  const level = readLevel(flags["compression-level"], compression ?? "gzip");
  return {
    ...readRegistryFlags(flags, isGiven("tls-verify")),
    format: readFormat(flags.format),
    compression: compression === undefined ? undefined : { compression, level },
    // As podman: who names a compression wants it, unless they say otherwise.
    forceCompression: isGiven("force-compression") ? flags["force-compression"] : compression !== undefined,
    level,
    compress: flags.compress,
  };
}

function readFormat(text: string | undefined): ManifestFormat | undefined {
  if (text === undefined || text === "") return undefined;
  const format = Object.hasOwn(formats, text) ? formats[text] : undefined;
  if (format) return format;
  if (text === "v2s1")
    throw unsupported("--format v2s1: Docker image manifest schema 1 is no longer supported by any engine");
  throw new DhowError(`unknown format ${JSON.stringify(text)}. Choose one of the supported formats: 'oci' or 'v2s2'`, {
    kind: "invalid-argument",
  });
}

function readCompression(text: string | undefined): "gzip" | "zstd" | undefined {
  if (text === undefined || text === "") return undefined;
  if (text === "gzip" || text === "zstd") return text;
  if (text === "zstd:chunked")
    throw unsupported("--compression-format zstd:chunked: dhow writes plain zstd, which every engine reads");
  throw new DhowError(`cannot find compressor for ${JSON.stringify(text)}`, {
    kind: "invalid-argument",
    hint: "it is gzip or zstd",
  });
}

function readLevel(level: number | undefined, compression: "gzip" | "zstd"): number | undefined {
  if (level === undefined) return undefined;
  if (level >= 1 && level <= strongest[compression]) return level;
  throw new DhowError(`invalid compression level ${level}: ${compression} has 1 to ${strongest[compression]}`, {
    kind: "invalid-argument",
  });
}

function unsupported(message: string): DhowError {
  return new DhowError(message, { kind: "unsupported" });
}
