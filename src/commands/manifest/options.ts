import type { OptionTable } from "../../cli/command.ts";
import { DhowError } from "../../errors.ts";
import type { EntryChange, FindOptions } from "../../image/manifest-list/content.ts";
import { readPullFlags } from "../../image/pull-flags.ts";

/** How a registry is reached. */
export const registryOptions = {
  authfile: { type: "string", describe: "Path of the authentication file", complete: "files" },
  "cert-dir": {
    type: "string",
    describe: "Use certificates at the specified path to access the registry",
    complete: "files",
  },
  creds: { type: "string", describe: "Use [username[:password]] for accessing the registry" },
  "tls-verify": {
    type: "boolean",
    default: true,
    describe: "Require HTTPS and verify certificates when accessing the registry",
  },
} as const satisfies OptionTable;

/** What an entry says of its image. */
export const entryOptions = {
  annotation: {
    type: "string",
    array: true,
    describe: "Set an annotation for the specified image or artifact",
    valueName: "annotation",
  },
  arch: {
    type: "string",
    describe: "Override the architecture of the specified image or artifact",
    valueName: "architecture",
  },
  features: { type: "string", array: true, describe: "Override the features of the specified image or artifact" },
  os: { type: "string", describe: "Override the OS of the specified image or artifact", valueName: "OS" },
  "os-version": {
    type: "string",
    describe: "Override the OS version of the specified image or artifact",
    valueName: "version",
  },
  variant: {
    type: "string",
    describe: "Override the variant of the specified image or artifact",
    valueName: "variant",
  },
} as const satisfies OptionTable;

interface EntryFlags {
  readonly annotation: readonly string[];
  readonly arch: string | undefined;
  readonly features: readonly string[];
  readonly os: string | undefined;
  readonly "os-version": string | undefined;
  readonly variant: string | undefined;
  readonly "os-features"?: readonly string[];
}

/** @throws {DhowError} `invalid-argument` for an annotation without a value. */
export function readEntryChange(flags: EntryFlags): EntryChange {
  return {
    os: flags.os,
    architecture: flags.arch,
    variant: flags.variant,
    osVersion: flags["os-version"],
    features: splitList(flags.features),
    osFeatures: splitList(flags["os-features"] ?? []),
    annotations: readAnnotations(flags.annotation),
  };
}

/** @throws {DhowError} `invalid-argument` for one that is not `key=value`. */
export function readAnnotations(values: readonly string[]): Record<string, string> {
  const annotations: Record<string, string> = {};
  for (const text of values) {
    const equals = text.indexOf("=");
    if (equals < 0) {
      throw new DhowError(`no value given for annotation ${JSON.stringify(text)}`, { kind: "invalid-argument" });
    }
    annotations[text.slice(0, equals)] = text.slice(equals + 1);
  }
  return annotations;
}

interface FindFlags {
  readonly all?: boolean;
  readonly arch?: string | undefined;
  readonly os?: string | undefined;
  readonly variant?: string | undefined;
  readonly authfile?: string | undefined;
  readonly "cert-dir"?: string | undefined;
  readonly creds?: string | undefined;
  readonly "tls-verify": boolean;
}

/** How images for a list are found. @throws {DhowError} `invalid-argument`. */
export function readFindOptions(flags: FindFlags, isTlsVerifyGiven: boolean): FindOptions {
  const { platform, ...registry } = readPullFlags(
    {
      platform: undefined,
      arch: flags.arch,
      os: flags.os,
      variant: flags.variant,
      authfile: flags.authfile,
      creds: flags.creds,
      "cert-dir": flags["cert-dir"],
      "tls-verify": flags["tls-verify"],
      retry: undefined,
      "retry-delay": undefined,
    },
    isTlsVerifyGiven,
  );
  return { all: flags.all ?? false, platform, registry };
}

/** Several values in one flag are separated by commas. */
function splitList(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(",")).filter((value) => value !== "");
}
