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
  retry: { type: "number", describe: "Number of times to retry in case of failure", valueName: "uint" },
  "retry-delay": { type: "string", describe: "Delay between retries in case of failures" },
} as const satisfies OptionTable;
