import type { OptionTable } from "../../command.ts";
import { policyOption, registryOptions, retryOptions } from "../registry.ts";

/** Which image, and how it is fetched. */
export const imageOptions = {
  pull: {
    type: "string",
    default: "missing",
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
  ...registryOptions,
  ...policyOption,
  ...retryOptions("pull"),
} as const satisfies OptionTable;
