import { DhowError } from "../errors.ts";
import { setVariable } from "../system/environment.ts";
import type { RegistryOptions } from "./registry-image.ts";
import { readRetryFlags } from "./retry-flags.ts";

/** The flags of pull, push and others that say how registries are reached, by long name. */
export interface RegistryFlags {
  readonly "tls-verify": boolean;
  readonly authfile: string | undefined;
  readonly creds: string | undefined;
  readonly "cert-dir": string | undefined;
  readonly retry: number | undefined;
  readonly "retry-delay": string | undefined;
  readonly "signature-policy"?: string | undefined;
}

/**
 * Reads the flags.
 * @param isTlsVerifyGiven Whether the user gave --tls-verify: without it, registries.conf decides.
 * @throws {DhowError} `invalid-argument`.
 */
export function readRegistryFlags(flags: RegistryFlags, isTlsVerifyGiven: boolean): RegistryOptions {
  const { authfile, creds, retry, "signature-policy": policy } = flags;
  if (policy !== undefined) setVariable("CONTAINERS_POLICY_JSON", policy);
  return {
    tlsVerify: isTlsVerifyGiven ? flags["tls-verify"] : undefined,
    authFile: authfile,
    credentials: creds === undefined ? undefined : parseCredentials(creds),
    certDir: flags["cert-dir"],
    retry: readRetryFlags(retry, flags["retry-delay"]),
  };
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
