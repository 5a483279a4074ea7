import type { OptionTable } from "../command.ts";
import { healthOptions } from "./container/health.ts";
import { identityOptions } from "./container/identity.ts";
import { imageOptions } from "./container/image.ts";
import { mountOptions } from "./container/mounts.ts";
import { networkOptions } from "./container/network.ts";
import { podOptions } from "./container/pod.ts";
import { processOptions } from "./container/process.ts";
import { resourceOptions } from "./container/resources.ts";
import { securityOptions } from "./container/security.ts";
import { acceptedOptions, unsupportedOptions } from "./container/unsupported.ts";
import { userOptions } from "./container/user.ts";

/** Every flag of `create`. */
export const createOptions = {
  rootfs: {
    type: "boolean",
    describe: "The first argument is a folder to run in, with :O behind it to leave it as it is",
  },
  ...processOptions,
  ...identityOptions,
  ...imageOptions,
  ...mountOptions,
  ...networkOptions,
  ...securityOptions,
  ...resourceOptions,
  ...userOptions,
  ...healthOptions,
  ...podOptions,
  ...acceptedOptions,
  ...unsupportedOptions,
} as const satisfies OptionTable;

/** Every flag of `run`. */
export const runOptions = {
  ...createOptions,
  detach: { type: "boolean", short: "d", describe: "Run container in background and print container ID" },
  rmi: { type: "boolean", describe: "Remove the image after the container, unless others use it; implies --rm" },
  "sig-proxy": { type: "boolean", default: true, describe: "Proxy received signals to the process" },
} as const satisfies OptionTable;
