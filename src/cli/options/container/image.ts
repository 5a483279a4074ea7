import type { OptionTable } from "../../command.ts";

/** Which image, and how it is fetched. */
export const imageOptions = {
  pull: {
    type: "string",
    default: "missing",
    valueIfBare: "always",
    describe: 'Pull image policy ("always"|"missing"|"never"|"newer")',
  },
  platform: {
    type: "string",
    describe: "Specify the platform for selecting the image. (Conflicts with --arch and --os)",
  },
  arch: {
    type: "string",
    describe: "Use ARCH instead of the architecture of the machine for choosing images",
    valueName: "ARCH",
  },
  os: { type: "string", describe: "Use OS instead of the running OS for choosing images", valueName: "OS" },
  variant: {
    type: "string",
    describe: "Use VARIANT instead of the running architecture variant for choosing images",
    valueName: "VARIANT",
  },
  quiet: { type: "boolean", short: "q", describe: "Suppress output information when pulling images" },
  "tls-verify": {
    type: "boolean",
    default: true,
    describe: "Require HTTPS and verify certificates when contacting registries for pulling images",
  },
  authfile: { type: "string", describe: "Path of the authentication file", complete: "files" },
  creds: { type: "string", describe: "Credentials (USERNAME[:PASSWORD]) to use for authenticating to a registry" },
  "cert-dir": {
    type: "string",
    describe: "Path to a directory containing TLS certificates and keys",
    complete: "files",
  },
  retry: {
    type: "number",
    describe: "Number of times to retry in case of failure when performing pull",
    valueName: "uint",
  },
  "retry-delay": { type: "string", describe: "Delay between retries in case of pull failures" },
} as const satisfies OptionTable;
