import { DhowError } from "../errors.ts";
import type { Platform } from "../oci/image.ts";
import { formatPlatform, hostPlatform, parsePlatform } from "../oci/platform.ts";
import type { PullOptions } from "./pull.ts";

export type PullPolicy = "always" | "missing" | "never" | "newer";

/** The flags of pull, run and create that say which image, and how it is fetched, by long name. */
export interface PullFlags {
  readonly platform: string | undefined;
  readonly arch: string | undefined;
  readonly os: string | undefined;
  readonly variant: string | undefined;
  readonly "tls-verify": boolean;
  readonly authfile: string | undefined;
  readonly creds: string | undefined;
  readonly "cert-dir": string | undefined;
  readonly retry: number | undefined;
  readonly "retry-delay": string | undefined;
}

const defaultRetries = 3;
const defaultRetryDelayMs = 1000;

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
  const { authfile, creds, retry } = flags;
  return {
    platform: readPlatform(flags),
    tlsVerify: isTlsVerifyGiven ? flags["tls-verify"] : undefined,
    authFile: authfile,
    credentials: creds === undefined ? undefined : parseCredentials(creds),
    certDir: flags["cert-dir"],
    retry: {
      retries: retry ?? defaultRetries,
      delayMs: flags["retry-delay"] === undefined ? defaultRetryDelayMs : parseDuration(flags["retry-delay"]),
    },
  };
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

function parseCredentials(text: string): { username: string; password: string } {
  if (text === "") throw new DhowError("credentials can't be empty", { kind: "invalid-argument" });
  const colon = text.indexOf(":");
  if (colon === 0) throw new DhowError("username can't be empty", { kind: "invalid-argument" });
  if (colon < 0) {
    throw new DhowError("credentials without a password", {
      kind: "invalid-argument",
      hint: "write USERNAME:PASSWORD, or sign in with 'dhow login'",
    });
  }
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a duration as Go writes it: `1m30s`, `500ms`. */
function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (text !== "0" && (text === "" || parts.map(([part]) => part).join("") !== text)) {
    throw new DhowError(`time: invalid duration ${JSON.stringify(text)}`, { kind: "invalid-argument" });
  }
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (unitsMs[unit ?? ""] ?? 0), 0);
}
