import type {
  ContainerConfig,
  NamespaceMode,
  NetworkConfig,
  UserNamespaceConfig,
} from "../../model/container-config.ts";
import type { PodConfig, PodMembership, SharedNamespace } from "../../model/pod-config.ts";
import { infraProgramPath } from "../infra.ts";
import type { CallerFacts, IdentityFlags, NetworkFlags, UserFlags } from "./flags.ts";
import { invalid, splitList } from "./values.ts";

/** The pod that a container joins, as its configuration needs to know it. */
export interface JoinedPod {
  readonly id: string;
  readonly config: PodConfig;
  /** Of its infra container; undefined for a pod without one. */
  readonly infra: ContainerConfig | undefined;
  /** Whether one of its containers runs. */
  readonly isRunning: boolean;
}

type PodFlags = Pick<IdentityFlags, "init-ctr">;

/** @throws {DhowError} `invalid-argument` with podman's words. */
export function buildMembership(flags: PodFlags, { pod }: CallerFacts): { readonly pod?: PodMembership } {
  const kind = flags["init-ctr"];
  if (!pod) {
    if (kind !== undefined) throw invalid("must specify pod value with init-ctr");
    return {};
  }
  const membership = { id: pod.id, sharesCgroup: pod.config.sharesParent };
  if (kind === undefined) return { pod: { ...membership, role: "member" } };
  if (kind !== "always" && kind !== "once") throw invalid("init-ctr value must be 'always' or 'once'");
  if (pod.isRunning) throw invalid("cannot add init-ctr to a running pod");
  return { pod: { ...membership, role: `init-${kind}` } };
}

/**
 * The namespace that a container takes from its pod.
 * @param text The flag's value: "" or undefined for what is usual, `pod` for the pod's in any case.
 * @returns Undefined if it takes none.
 */
export function podNamespace(
  text: string | undefined,
  kind: "pid" | "ipc" | "uts" | "cgroup",
  { pod }: Pick<CallerFacts, "pod">,
): NamespaceMode | undefined {
  const infra = wantedInfra(text, kind, pod);
  if (!infra) return undefined;
  const own = { pid: infra.pidMode, ipc: infra.ipcMode, uts: infra.utsMode, cgroup: infra.cgroupMode }[kind];
  return own.mode === "host" ? own : { mode: "container", id: pod?.config.infraId ?? "" };
}

function wantedInfra(
  text: string | undefined,
  kind: SharedNamespace,
  pod: JoinedPod | undefined,
): ContainerConfig | undefined {
  if (text === "pod") {
    if (pod?.infra) return pod.infra;
    throw invalid(
      "cannot use pod namespace as container is not joining a pod or pod has no infra container: invalid argument",
    );
  }
  const isUsual = text === undefined || text === "";
  return isUsual && pod?.config.shares.includes(kind) ? pod.infra : undefined;
}

/**
 * The network of a container that takes its pod's.
 * @returns Undefined if it has one of its own.
 * @throws {DhowError} `invalid-argument` for what has to be said when the pod is made, with podman's words.
 */
export function podNetwork(flags: NetworkFlags, { pod }: CallerFacts): NetworkConfig | undefined {
  const [name] = flags.network;
  if (flags.network.length > 1 || !wantedInfra(name, "net", pod)) return undefined;
  const refuse = (what: string) =>
    invalid(`${what} when the pod is created: network cannot be configured when it is shared with a pod`);
  if (flags.publish.length > 0 || flags["publish-all"]) {
    throw refuse("published or exposed ports must be defined");
  }
  if (flags["add-host"].length > 0) {
    throw invalid(
      "extra host entries must be specified on the pod: network cannot be configured when it is shared with a pod",
    );
  }
  for (const flag of ["dns", "dns-option", "dns-search", "network-alias"] as const) {
    if (flags[flag].length > 0) throw refuse(`--${flag} must be defined`);
  }
  for (const flag of ["ip", "ip6", "mac-address"] as const) {
    if (flags[flag] !== undefined) throw refuse(`--${flag} must be defined`);
  }
  return {
    mode: "container",
    containerId: pod?.config.infraId ?? "",
    options: [],
    ports: [],
    ...{ dnsServers: [], dnsSearch: [], dnsOptions: [], extraHosts: [] },
    noHosts: flags["no-hosts"],
    noHostname: flags["no-hostname"],
  };
}

/**
 * The ids of a container whose pod has ids of its own.
 * @throws {DhowError} `invalid-argument` for a container that wants others, with podman's words.
 */
export function podUserNamespace(flags: UserFlags, { pod }: Pick<CallerFacts, "pod">): UserNamespaceConfig | undefined {
  const { infra, config } = pod ?? {};
  if (pod && flags.userns !== undefined) throw invalid("--userns and --pod cannot be set together");
  if (infra && flags.uidmap.length + flags.gidmap.length > 0) {
    throw invalid("cannot specify a new uid/gid map when entering a pod with an infra container: invalid argument");
  }
  if (!infra || infra.userns.mode === "host" || config?.infraId === undefined) return undefined;
  const { uids, gids } = infra.userns;
  return { mode: "joined", containerId: config.infraId, uids, gids };
}

/** A container has the volumes, devices and security options of its pod as well as its own. */
export function inheritFromPod(config: ContainerConfig, { pod }: Pick<CallerFacts, "pod">): ContainerConfig {
  if (!pod) return config;
  const { infra } = pod;
  if (!infra) return config;
  const taken = new Set(config.mounts.map(({ destination }) => destination));
  const mounts = infra.mounts
    .filter(({ destination }) => destination !== infraProgramPath && !taken.has(destination))
    .map(({ anonymous: _, ...mount }) => mount);
  const joinsUts = config.utsMode.mode === "container" && config.utsMode.id === pod.config.infraId;
  return {
    ...config,
    ...(infra.cgroupParent !== undefined && config.cgroupParent === undefined
      ? { cgroupParent: infra.cgroupParent }
      : {}),
    mounts: [...config.mounts, ...mounts],
    devices: [...new Set([...infra.devices, ...config.devices])],
    ...(infra.cdiDevices ? { cdiDevices: [...new Set([...infra.cdiDevices, ...(config.cdiDevices ?? [])])] } : {}),
    security: joinSecurity(infra.security, config.security),
    ...(joinsUts ? { hostname: infra.hostname } : {}),
    ...(config.userns.mode === "joined" && infra.user !== "" && config.user === "" ? { user: infra.user } : {}),
  };
}

function joinSecurity(
  ofPod: ContainerConfig["security"],
  own: ContainerConfig["security"],
): ContainerConfig["security"] {
  return {
    seccomp: own.seccomp ?? ofPod.seccomp,
    noNewPrivileges: own.noNewPrivileges || ofPod.noNewPrivileges,
    mask: [...ofPod.mask, ...own.mask],
    unmask: [...ofPod.unmask, ...own.unmask],
    given: [...ofPod.given, ...own.given],
  };
}

/** `ipc,net,uts`, `+pid`, `none`. @throws {DhowError} `invalid-argument` with podman's words. */
export function parseShares(text: string): SharedNamespace[] {
  const isAddition = text.startsWith("+");
  const names = splitList([isAddition ? text.slice(1) : text]);
  const shares = new Set<SharedNamespace>(isAddition ? usualShares : []);
  for (const name of names) {
    switch (name) {
      case "":
      case "user":
        break;
      case "none":
        return [];
      case "cgroup":
      case "ipc":
      case "net":
      case "pid":
      case "uts":
        shares.add(name);
        break;
      case "mnt":
        throw invalid("mount sharing functionality not supported on pod level");
      default:
        throw invalid(`invalid kernel namespace to share: ${name}. Options are: cgroup, ipc, net, pid, uts or none`);
    }
  }
  return [...shares];
}

/** What pods share when nothing else is said. */
export const usualShares: readonly SharedNamespace[] = ["ipc", "net", "uts"];
