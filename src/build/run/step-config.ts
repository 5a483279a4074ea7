import { callerFacts } from "../../container/caller-facts.ts";
import { buildContainerConfig } from "../../container/config/build.ts";
import type { ContainerFlags } from "../../container/config/flags.ts";
import { invalid } from "../../container/config/values.ts";
import { needsPreparation } from "../../container/prepared-mounts.ts";
import type { Engine } from "../../engine.ts";
import type { ContainerConfig } from "../../model/container-config.ts";
import type { RunFlags } from "../request.ts";

/** What `run` takes when the user says nothing. */
const usualFlags: ContainerFlags = {
  ...{ entrypoint: undefined, env: [], "env-file": [], "env-host": false, "env-merge": [], "http-proxy": false },
  ...{ unsetenv: [], "unsetenv-all": false, workdir: undefined, user: undefined, "group-add": [] },
  ...{ personality: undefined, umask: "0022", tz: undefined, interactive: false, tty: false, init: false },
  ...{ "init-path": undefined, "stop-signal": undefined, "stop-timeout": 10, timeout: 0 },
  ...{ rm: true, "init-ctr": undefined, requires: [], restart: undefined, label: [], "label-file": [], annotation: [] },
  ...{ pidfile: undefined, "conmon-pidfile": undefined, "log-driver": "none", "log-opt": [], "detach-keys": "" },
  ...{ "network-alias": [], ip: undefined, ip6: undefined, "mac-address": undefined },
  ...{ network: [], publish: [], "publish-all": false, expose: [], dns: [], "dns-option": [], "dns-search": [] },
  ...{ "add-host": [], "hosts-file": undefined, "no-hosts": false, "no-hostname": false, hostname: undefined },
  ...{ volume: [], mount: [], tmpfs: [], "read-only": false, "read-only-tmpfs": false, "image-volume": "ignore" },
  ...{ "volumes-from": [], secret: [], "shm-size": "64m", device: [], gpus: [] },
  ...{ "cap-add": [], "cap-drop": [], privileged: false, "security-opt": [], ulimit: [], sysctl: [] },
  ...{ "oom-score-adj": undefined, pid: undefined, ipc: undefined, uts: undefined, cgroupns: undefined },
  ...{ cgroups: "enabled", systemd: "false", "shm-size-systemd": undefined, chrootdirs: [] },
  ...{ "cgroup-parent": undefined, "seccomp-policy": "default" },
  ...{ "health-cmd": undefined, "health-interval": "30s", "health-timeout": "30s", "health-retries": 3 },
  ...{ "health-start-period": "0s", "health-start-interval": "5s", "health-startup-cmd": undefined },
  ...{ "health-startup-interval": "30s", "health-startup-timeout": "30s", "health-startup-retries": 0 },
  ...{ "health-startup-success": 0, "health-on-failure": "none", "health-log-destination": "local" },
  ...{ "health-max-log-count": 5, "health-max-log-size": 500, "no-healthcheck": true },
  ...{ memory: undefined, "memory-reservation": undefined, "memory-swap": undefined, cpus: undefined },
  ...{ "cpu-period": undefined, "cpu-quota": undefined, "cpu-shares": undefined, "cpuset-cpus": undefined },
  ...{ "cpuset-mems": undefined, "pids-limit": undefined, "blkio-weight": undefined, "blkio-weight-device": [] },
  ...{ "device-read-bps": [], "device-read-iops": [], "device-write-bps": [], "device-write-iops": [] },
  "cgroup-conf": [],
  ...{ userns: undefined, uidmap: [], gidmap: [], subuidname: undefined, subgidname: undefined },
  ...{ passwd: false, "passwd-entry": undefined, "group-entry": undefined, hostuser: [] },
};

export interface StepVariant {
  readonly network: "default" | "none" | "host";
  readonly security: "sandbox" | "insecure";
  readonly devices: readonly string[];
}

/**
 * What a step's container has of the flags of the build. Program, user, environment and mounts of the step itself come on top.
 * @throws {DhowError} `invalid-argument` as `run` would say it.
 */
export function stepConfig(engine: Engine, flags: RunFlags, variant: StepVariant): ContainerConfig {
  const given: RunFlags = {
    ...flags,
    ...(variant.network === "default" ? {} : { network: [variant.network] }),
    ...(variant.devices.length === 0 ? {} : { device: [...(flags.device ?? []), ...variant.devices] }),
  };
  const config = buildContainerConfig({
    flags: {
      ...usualFlags,
      ...given,
      ...(variant.security === "insecure" ? { privileged: true } : {}),
    } as ContainerFlags & Record<string, unknown>,
    changed: (name) => Object.hasOwn(given, name),
    unsupported: [],
    command: ["true"],
    image: { id: "", name: "", defaults: {} },
    caller: callerFacts(engine),
    createCommand: [],
  });
  const odd = config.mounts.find(needsPreparation);
  if (odd) {
    throw invalid(
      `cannot mount ${odd.source ?? odd.destination} in a build: only directories and files of the host are possible`,
      "leave out the options O and U, and give an absolute path",
    );
  }
  if (config.cdiDevices) throw invalid("devices by their vendor's name are not possible in a build");
  if (config.userns.mode !== "host") throw invalid("--userns is not possible in a build: steps have your own ids");
  if (!["none", "host", "pasta", "slirp4netns"].includes(config.network.mode)) {
    throw invalid("the steps of a build have --network none, host, pasta or slirp4netns, and no other network");
  }
  return config;
}
