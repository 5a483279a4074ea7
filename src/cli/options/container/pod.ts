import type { OptionTable } from "../../command.ts";

/** Which pod the container is in. */
export const podOptions = {
  pod: {
    type: "string",
    describe: "Run container in an existing pod, or in one that is made now (new:NAME)",
    complete: "pods",
  },
  "pod-id-file": { type: "string", describe: "Read the pod ID from the file", complete: "files" },
  "init-ctr": {
    type: "string",
    describe: "Run this as an init container of the pod, each time it starts or once (always, once)",
  },
} as const satisfies OptionTable;
