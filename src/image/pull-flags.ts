import { DhowError } from "../errors.ts";
import type { Platform } from "../oci/image.ts";
import { formatPlatform, hostPlatform, parsePlatform } from "../oci/platform.ts";
import type { PullOptions } from "./pull.ts";
import { type RegistryFlags, readRegistryFlags } from "./registry-flags.ts";

export type PullPolicy = "always" | "missing" | "never" | "newer";

/** The flags of pull, run and create that say which image, and how it is fetched, by long name. */
export interface PullFlags extends RegistryFlags {
  readonly platform: string | undefined;
  readonly arch: string | undefined;
  readonly os: string | undefined;
  readonly variant: string | undefined;
}

/** Spellings of policies that Podman and Kubernetes users know. */
const policies: Readonly<Record<string, PullPolicy>> = {
  always: "always",
  true: "always",
  missing: "missing",
  ifnotpresent: "missing",
  ifmissing: "missing",
  "": "missing",
  newer: "newer",
  ifnewer: "newer",
  never: "never",
  false: "never",
};

/** @throws {DhowError} `invalid-argument`. */
export function parsePullPolicy(text: string): PullPolicy {
  const word = text.toLowerCase();
  const policy = Object.hasOwn(policies, word) ? policies[word] : undefined;
  if (policy) return policy;
  throw new DhowError(`unsupported pull policy ${JSON.stringify(text)}`, {
    kind: "invalid-argument",
    hint: "it is one of always, missing, newer and never",
  });
}

/**
 * Reads the flags.
 * @param isTlsVerifyGiven Whether the user gave --tls-verify: without it, registries.conf decides.
 * @throws {DhowError} `invalid-argument`.
 */
export function readPullFlags(flags: PullFlags, isTlsVerifyGiven: boolean): PullOptions {
  return { platform: readPlatform(flags), ...readRegistryFlags(flags, isTlsVerifyGiven) };
}

function readPlatform({ platform, arch, os, variant }: PullFlags): Platform | undefined {
  if (platform !== undefined && platform !== "") {
    if (arch || os) {
      throw new DhowError("--platform option can not be specified with --arch or --os", { kind: "invalid-argument" });
    }
    return parsePlatform(platform);
  }
  if (!arch && !os && !variant) return undefined;
  const host = hostPlatform();
  return parsePlatform(
    formatPlatform({ os: os || host.os, architecture: arch || host.architecture, ...(variant ? { variant } : {}) }),
  );
}
