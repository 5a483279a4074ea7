import type { OptionTable } from "../../command.ts";

/** Which ids the container has, and what its user database says of them. */
export const userOptions = {
  userns: { type: "string", describe: "User namespace to use (host, auto, keep-id, nomap, container:NAME, ns:PATH)" },
  uidmap: { type: "string", array: true, describe: "UID map to use for the user namespace", valueName: "stringArray" },
  gidmap: { type: "string", array: true, describe: "GID map to use for the user namespace", valueName: "stringArray" },
  subuidname: { type: "string", describe: "Name of range listed in /etc/subuid for use in user namespace" },
  subgidname: { type: "string", describe: "Name of range listed in /etc/subgid for use in user namespace" },
  passwd: { type: "boolean", default: true, describe: "Add entries to /etc/passwd and /etc/group" },
  "passwd-entry": { type: "string", describe: "Entry to write to /etc/passwd" },
  "group-entry": { type: "string", describe: "Entry to write to /etc/group" },
  hostuser: {
    type: "string",
    array: true,
    describe: "Host user account to add to /etc/passwd within container",
    valueName: "stringArray",
  },
} as const satisfies OptionTable;
