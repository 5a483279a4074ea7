import type { OptionTable } from "../command.ts";
import { identityOptions } from "./container/identity.ts";
import { mountOptions } from "./container/mounts.ts";
import { networkOptions } from "./container/network.ts";
import { resourceOptions } from "./container/resources.ts";
import { securityOptions } from "./container/security.ts";
import { userOptions } from "./container/user.ts";

const { label: _, "label-file": labelFile, restart } = identityOptions;
const { volume, "volumes-from": volumesFrom, device, gpus, "shm-size": shmSize } = mountOptions;
const { "cgroup-parent": cgroupParent, sysctl, "security-opt": securityOpt, pid, uts } = securityOptions;
const { userns, uidmap, gidmap, subuidname, subgidname } = userOptions;
const { "publish-all": _all, expose: _expose, hostname, ...network } = networkOptions;

/** Limits of a pod as a whole. */
export const podResourceOptions = {
  "blkio-weight": resourceOptions["blkio-weight"],
  "blkio-weight-device": resourceOptions["blkio-weight-device"],
  "cpu-shares": resourceOptions["cpu-shares"],
  cpus: resourceOptions.cpus,
  "cpuset-cpus": resourceOptions["cpuset-cpus"],
  "cpuset-mems": resourceOptions["cpuset-mems"],
  "device-read-bps": resourceOptions["device-read-bps"],
  "device-write-bps": resourceOptions["device-write-bps"],
  memory: resourceOptions.memory,
  "memory-swap": resourceOptions["memory-swap"],
} as const satisfies OptionTable;

/** What a pod's infra container is like, and with it all that share its namespaces. */
export const infraOptions = {
  ...podResourceOptions,
  device,
  gidmap,
  hostname,
  "infra-command": {
    type: "string",
    describe: "Overwrite the default command of the infra container, which holds the pod's namespaces",
  },
  "infra-conmon-pidfile": {
    type: "string",
    describe: "Path to the file that will receive the PID of the infra container's conmon",
    complete: "files",
  },
  "infra-name": { type: "string", describe: "Container name of the infra container" },
  label: { type: "string", array: true, short: "l", describe: "Set metadata on pod", valueName: "stringArray" },
  "label-file": labelFile,
  pid,
  restart,
  "security-opt": securityOpt,
  "shm-size": shmSize,
  subgidname,
  subuidname,
  sysctl,
  uidmap,
  userns,
  uts,
  volume,
  "volumes-from": volumesFrom,
  "cgroup-parent": cgroupParent,
  gpus,
} as const satisfies OptionTable;

/** Every flag of `pod create`. */
export const podCreateOptions = {
  ...infraOptions,
  ...network,
  "exit-policy": {
    type: "string",
    default: "continue",
    describe: 'Behaviour when the last container exits ("continue"|"stop")',
  },
  infra: {
    type: "boolean",
    default: true,
    describe: "Create an infra container associated with the pod to share namespaces with",
  },
  "infra-image": {
    type: "string",
    describe: "Image to use for the infra container; without it, it needs none",
    complete: "images",
  },
  name: { type: "string", short: "n", describe: "Assign a name to the pod" },
  "pod-id-file": { type: "string", describe: "Write the pod ID to the file", complete: "files" },
  replace: { type: "boolean", describe: "If a pod with the same name exists, replace it" },
  share: {
    type: "string",
    default: "ipc,net,uts",
    describe: "A comma delimited list of kernel namespaces the pod will share",
  },
  "share-parent": {
    type: "boolean",
    default: true,
    describe: "Set the pod's cgroup as the cgroup parent for all containers joining the pod",
  },
} as const satisfies OptionTable;
