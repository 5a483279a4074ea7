import { DhowError } from "../../errors.ts";
import type { NamespaceMode } from "../../model/container-config.ts";
import { cutAtBounds, type IdRange } from "../../model/id-ranges.ts";
import type {
  HookSpec,
  NamespaceSpec,
  NamespaceType,
  ProcessSpec,
  RuntimeSpec,
  SeccompSpec,
} from "../../oci/runtime-spec.ts";
import { containerCapabilities } from "./capabilities.ts";
import { checkEnvironment } from "./environment-limit.ts";
import type { SpecInput } from "./input.ts";
import { containerLimits } from "./limits.ts";
import { containerMounts, initPath, showsHostSys } from "./mounts.ts";
import { kernelPaths } from "./paths.ts";
import { resourcesSpec } from "./resources.ts";
import { defaultSeccomp, parseSeccomp } from "./seccomp.ts";

/**
 * The runtime spec of a container. Pure: everything that depends on the machine or on the moment is in the input.
 * @throws {DhowError} `invalid-argument` for a seccomp profile that cannot be read, and for a user outside of the ids
 * that the user namespace has.
 */
export function generateSpec(input: SpecInput): RuntimeSpec {
  const { config, rootfsPath, cgroupsPath } = input;
  checkUser(input);
  const seccomp = containerSeccomp(input);
  const resources = resourcesSpec(input.limits);
  const hooks = hooksOf(input.deviceEdits);
  return {
    ociVersion: "1.0.2",
    process: containerProcess(input),
    root: { path: rootfsPath, readonly: config.readOnly },
    ...(config.utsMode.mode === "private" ? { hostname: hostnameOf(input) } : {}),
    mounts: containerMounts(input),
    annotations: keepsGroups(config)
      ? { ...config.annotations, "run.oci.keep_original_groups": "1" }
      : config.annotations,
    linux: {
      namespaces: containerNamespaces(input),
      ...idMappings(input),
      ...(cgroupsPath === undefined ? {} : { cgroupsPath }),
      ...(config.personality === undefined ? {} : { personality: { domain: config.personality } }),
      ...(resources === undefined ? {} : { resources }),
      sysctl: config.sysctls,
      ...kernelPaths(config, { hostSys: showsHostSys(input) }),
      ...(seccomp === undefined ? {} : { seccomp }),
    },
    ...(hooks === undefined ? {} : { hooks }),
  };
}

/** The groups that the caller has outside, which have no ids in here: crun leaves them alone. */
function keepsGroups({ groupAdd }: SpecInput["config"]): boolean {
  return groupAdd.includes("keep-groups");
}

function checkUser({ user: { uid, gid }, host: { mappedUsers, mappedGroups } }: SpecInput): void {
  if (uid < mappedUsers && gid < mappedGroups) return;
  const what = uid < mappedUsers ? `group id ${gid}` : `user id ${uid}`;
  const count = uid < mappedUsers ? mappedGroups : mappedUsers;
  throw new DhowError(
    `cannot run as ${what}: your containers have ${count === 1 ? "a single id" : `the ids 0 to ${count - 1}`}`,
    {
      kind: "invalid-argument",
      hint:
        count === 1
          ? "as root, give yourself subordinate ids: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER"
          : "use an id of that range, or have your range in /etc/subuid and /etc/subgid made larger",
    },
  );
}

/** The spec as the runtime reads it. Unlimited (-1) becomes the largest 64-bit number, which JavaScript cannot hold. */
export function serializeSpec(spec: RuntimeSpec | ProcessSpec): string {
  return JSON.stringify(spec).replace(/"(soft|hard)":-1(?=[,}])/g, '"$1":18446744073709551615');
}

/** A container's own name: what was asked for, else the begin of its id. */
export function hostnameOf({ config, containerId }: Pick<SpecInput, "config" | "containerId">): string {
  return config.hostname ?? containerId.slice(0, 12);
}

function containerProcess(input: SpecInput): ProcessSpec {
  const { config, user, host, initBinary } = input;
  const hasGroups = user.additionalGids.length + input.deviceEdits.additionalGids.length > 0;
  const usesInit = config.init && initBinary !== undefined;
  return {
    terminal: config.terminal,
    user: {
      uid: user.uid,
      gid: user.gid,
      umask: Number.parseInt(config.umask, 8),
      ...(hasGroups && !keepsGroups(config) ? { additionalGids: mappedGroups(input) } : {}),
    },
    args: usesInit ? [initPath, "--", ...config.argv] : config.argv,
    env: containerEnvironment(input),
    cwd: config.workdir,
    capabilities: containerCapabilities(config, { uid: user.uid, lastCapability: host.lastCapability }),
    rlimits: containerLimits(config.ulimits, host.limits),
    noNewPrivileges: config.security.noNewPrivileges,
    ...(config.oomScoreAdj === undefined ? {} : { oomScoreAdj: Math.max(config.oomScoreAdj, host.oomScoreAdj) }),
  };
}

/** Groups of the image's database may lie outside of the user's range: a process cannot have those. */
function mappedGroups({ user, host, deviceEdits }: SpecInput): readonly number[] {
  const missing = deviceEdits.additionalGids.find((gid) => host.mappedUsers <= 1 || gid >= host.mappedGroups);
  if (missing !== undefined) {
    throw new DhowError(
      `setting up CDI devices: your containers do not have the group ${missing} that a device needs`,
      {
        kind: "unsupported",
      },
    );
  }
  const own = host.mappedUsers <= 1 ? [] : user.additionalGids.filter((gid) => gid < host.mappedGroups);
  return [...new Set([...own, ...deviceEdits.additionalGids])];
}

function containerEnvironment(input: SpecInput): string[] {
  const { config, user, secrets, deviceEdits } = input;
  const ofDevices = new Set(deviceEdits.env.map(nameOf));
  const given = [
    ...[...config.env, ...secrets.env].filter((entry) => !ofDevices.has(nameOf(entry))),
    ...deviceEdits.env,
  ];
  const names = new Set<string | undefined>(given.map(nameOf));
  const missing = [
    ["HOME", user.home],
    ["HOSTNAME", hostnameOf(input)],
    ...(config.systemd ? [["container_uuid", input.containerId.slice(0, 32)]] : []),
  ].filter(([name]) => !names.has(name));
  const all = [...given, ...missing.map(([name, value]) => `${name}=${value}`)];
  checkEnvironment(all);
  return all;
}

function nameOf(entry: string): string {
  return entry.split("=", 1)[0] ?? entry;
}

function hooksOf({ hooks }: SpecInput["deviceEdits"]): RuntimeSpec["hooks"] {
  if (hooks.length === 0) return undefined;
  const byName: Record<string, HookSpec[]> = {};
  for (const { hookName, path, args, env, timeout } of hooks) {
    byName[hookName] = [
      ...(byName[hookName] ?? []),
      { path, args, env, ...(timeout === undefined ? {} : { timeout }) },
    ];
  }
  return byName;
}

function idMappings({
  config: { userns },
  host: { ids },
}: SpecInput): Pick<RuntimeSpec["linux"], "uidMappings" | "gidMappings"> {
  if (userns.mode !== "private") return {};
  const toSpec = ({ containerId, hostId, size }: IdRange) => ({ containerID: containerId, hostID: hostId, size });
  return {
    uidMappings: cutAtBounds(userns.uids, ids.uids).map(toSpec),
    gidMappings: cutAtBounds(userns.gids, ids.gids).map(toSpec),
  };
}

function containerNamespaces({ config, joined, network }: SpecInput): NamespaceSpec[] {
  const namespaces: NamespaceSpec[] = [{ type: "mount" }];
  const { userns } = config;
  if (userns.mode === "private") namespaces.push({ type: "user" });
  else if (joined.user !== undefined) namespaces.push({ type: "user", path: joined.user });
  const add = (type: NamespaceType, mode: NamespaceMode, path: string | undefined) => {
    if (mode.mode === "host") return;
    namespaces.push(path === undefined ? { type } : { type, path });
  };
  add("pid", config.pidMode, joined.pid);
  add("ipc", config.ipcMode, joined.ipc);
  add("uts", config.utsMode, joined.uts);
  add("cgroup", config.cgroupMode, joined.cgroup);
  if (network.kind !== "host") {
    namespaces.push(network.kind === "path" ? { type: "network", path: network.path } : { type: "network" });
  }
  return namespaces;
}

function containerSeccomp({ config, host, seccompProfile }: SpecInput): SeccompSpec | undefined {
  const { seccomp } = config.security;
  if (seccomp === "unconfined" || (config.privileged && seccomp === undefined)) return undefined;
  const facts = {
    capabilities: containerCapabilities(config, { uid: 0, lastCapability: host.lastCapability }).bounding,
    architecture: host.architecture,
  };
  return seccompProfile === undefined ? defaultSeccomp(facts) : parseSeccomp(seccompProfile, facts);
}
