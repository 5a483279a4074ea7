import type { OptionTable } from "../../command.ts";
import { mountOptions } from "../container/mounts.ts";
import { networkOptions } from "../container/network.ts";
import { processOptions } from "../container/process.ts";
import { resourceOptions } from "../container/resources.ts";
import { securityOptions } from "../container/security.ts";
import { userOptions } from "../container/user.ts";

/** How RUN steps run. */
export const buildStepOptions = {
  "add-host": networkOptions["add-host"],
  allow: { type: "string", array: true, describe: "Let steps ask for more: network.host, security.insecure, device" },
  "cap-add": securityOptions["cap-add"],
  "cap-drop": securityOptions["cap-drop"],
  cgroupns: securityOptions.cgroupns,
  "compat-volumes": { type: "boolean", describe: "What RUN changes in a directory behind VOLUME is lost" },
  "cpu-period": resourceOptions["cpu-period"],
  "cpu-quota": resourceOptions["cpu-quota"],
  "cpu-shares": resourceOptions["cpu-shares"],
  "cpuset-cpus": resourceOptions["cpuset-cpus"],
  "cpuset-mems": resourceOptions["cpuset-mems"],
  device: mountOptions.device,
  dns: networkOptions.dns,
  "dns-option": networkOptions["dns-option"],
  "dns-search": networkOptions["dns-search"],
  "group-add": processOptions["group-add"],
  "http-proxy": { type: "boolean", default: true, describe: "Let steps see http_proxy and the like" },
  ipc: securityOptions.ipc,
  isolation: {
    type: "string",
    describe: "oci or rootless: as containers; chroot: where those cannot be nested; also $BUILDAH_ISOLATION",
  },
  jobs: { type: "number", default: 0, describe: "How many steps may run at once; 0 for any number", valueName: "N" },
  memory: resourceOptions.memory,
  "memory-swap": resourceOptions["memory-swap"],
  network: {
    type: "string",
    aliases: ["net"],
    describe: "Network of the steps (default, none, host, pasta)",
    valueName: "mode",
  },
  "no-hostname": networkOptions["no-hostname"],
  "no-hosts": networkOptions["no-hosts"],
  pid: securityOptions.pid,
  secret: {
    type: "string",
    array: true,
    describe: "Secret for RUN --mount=type=secret",
    valueName: "id=id[,src=file][,env=variable]",
  },
  "security-opt": securityOptions["security-opt"],
  "shm-size": { type: "string", describe: "Size of /dev/shm", valueName: "<number>[<unit>]" },
  ssh: {
    type: "string",
    array: true,
    describe: "SSH agent or keys for RUN --mount=type=ssh",
    valueName: "default|id=socket|key[,key]",
  },
  ulimit: securityOptions.ulimit,
  userns: userOptions.userns,
  "userns-uid-map": userOptions.uidmap,
  "userns-gid-map": userOptions.gidmap,
  uts: securityOptions.uts,
  volume: mountOptions.volume,
} as const satisfies OptionTable;
