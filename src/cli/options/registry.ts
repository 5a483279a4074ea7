import type { OptionTable } from "../command.ts";

/** How registries are reached and signed in to. */
export const registryOptions = {
  "tls-verify": {
    type: "boolean",
    default: true,
    describe: "Require HTTPS and verify certificates when contacting registries",
  },
  authfile: { type: "string", describe: "Path of the authentication file", complete: "files" },
  creds: { type: "string", describe: "Credentials (USERNAME[:PASSWORD]) to use for authenticating to a registry" },
  "cert-dir": {
    type: "string",
    describe: "Path to a directory containing TLS certificates and keys",
    complete: "files",
  },
  ...retryOptions(),
} as const satisfies OptionTable;

/** For what brings images in or sends them away. */
export const policyOption = {
  "signature-policy": {
    type: "string",
    hidden: true,
    describe: "Path of the signature policy to use instead of policy.json",
    complete: "files",
  },
} as const satisfies OptionTable;

/** @param action What is tried again, for help: `pull`. */
export function retryOptions(action?: string) {
  return {
    retry: {
      type: "number",
      describe: `Number of times to retry in case of failure${action === undefined ? "" : ` when performing ${action}`}`,
      valueName: "uint",
      configuredDefault: async () => (await readConf()).retries ?? 3,
    },
    "retry-delay": {
      type: "string",
      describe: `Delay between retries in case of ${action === undefined ? "" : `${action} `}failures`,
      configuredDefault: async () => (await readConf()).retryDelay,
    },
  } as const satisfies OptionTable;
}

/** Help alone needs it here, and helps also where a file has a mistake. */
async function readConf(): Promise<{ retries?: number | undefined; retryDelay?: string | undefined }> {
  try {
    return (await import("../../system/containers-conf.ts")).readContainersConf();
  } catch {
    return {};
  }
}
