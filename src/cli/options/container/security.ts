import type { OptionTable } from "../../command.ts";

/** Rights, limits and namespaces of the container's processes. */
export const securityOptions = {
  "cap-add": { type: "string", array: true, describe: "Add capabilities to the container", valueName: "strings" },
  "cap-drop": { type: "string", array: true, describe: "Drop capabilities from the container", valueName: "strings" },
  privileged: { type: "boolean", describe: "Give extended privileges to container" },
  "security-opt": { type: "string", array: true, describe: "Security Options", valueName: "stringArray" },
  "seccomp-policy": {
    type: "string",
    default: "default",
    describe: "Where the seccomp profile comes from (default, image)",
  },
  ulimit: { type: "string", array: true, describe: "Ulimit options", valueName: "strings" },
  sysctl: { type: "string", array: true, describe: "Sysctl options", valueName: "strings" },
  "oom-score-adj": { type: "number", describe: "Tune the host's OOM preferences (-1000 to 1000)", valueName: "int" },
  pid: { type: "string", describe: "PID namespace to use" },
  ipc: { type: "string", describe: "IPC namespace to use" },
  uts: { type: "string", describe: "UTS namespace to use" },
  cgroupns: { type: "string", describe: "cgroup namespace to use" },
  "cgroup-parent": { type: "string", describe: "Cgroup in which the container's cgroup is made" },
  cgroups: {
    type: "string",
    default: "enabled",
    describe: 'control container cgroup configuration ("enabled"|"disabled"|"no-conmon")',
  },
} as const satisfies OptionTable;
