import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { DhowError } from "../errors.ts";
import { getVariable } from "../system/environment.ts";
import { currentUserId } from "./user.ts";

export type CgroupManager = "systemd" | "cgroupfs" | "disabled";

/** What this user can do with cgroups here. */
export interface CgroupSupport {
  /** `hybrid`: controllers in v1 hierarchies, with a v2 hierarchy beside them. */
  readonly version: "v1" | "hybrid" | "v2";
  readonly manager: CgroupManager;
  /** Why that manager, as the end of a sentence. */
  readonly reason: string;
  /** For cgroupfs: the highest cgroup that is the user's, below /sys/fs/cgroup and beginning with "/". */
  readonly parent: string | undefined;
  /** Controllers of v2 that containers can be limited by. */
  readonly controllers: readonly string[];
}

/** What is looked at; tests give others. */
export interface CgroupProbes {
  readonly uid: number;
  readonly busAddress: string | undefined;
  readonly runtimeDirectory: string | undefined;
  /** @returns undefined if the file cannot be read. */
  read(path: string): string | undefined;
  isSocket(path: string): boolean;
  isWritable(path: string): boolean;
}

const mountPoint = "/sys/fs/cgroup";

/**
 * Chooses who makes the cgroups of containers: systemd where the user has one, cgroupfs where a part of the v2 hierarchy
 * is the user's, else nobody: containers run without limits then.
 *
 * @param requested --cgroup-manager. One that cannot work here is not used; the reason says so.
 * @throws {DhowError} `invalid-argument` if it is none.
 */
export function chooseCgroupManager(
  requested: string | undefined,
  probes: CgroupProbes = machineProbes(),
): CgroupSupport {
  const wanted = checkRequest(requested);
  const base = { version: cgroupVersion(probes), parent: undefined, controllers: [] };
  const disabled = (reason: string): CgroupSupport => ({ ...base, manager: "disabled", reason });
  if (wanted === "disabled") return disabled("--cgroup-manager says so");
  if (base.version !== "v2") return disabled("limits need cgroup v2 alone, which this machine does not have");

  const controllers = wanted === "cgroupfs" ? undefined : systemdControllers(probes);
  if (controllers) return { ...base, manager: "systemd", reason: "systemd manages this user's services", controllers };
  const parent = findDelegated(probes);
  if (parent === undefined) return disabled("neither systemd nor anybody else has given this user a cgroup");
  const list = words(probes.read(`${mountPoint}${parent}/cgroup.controllers`));
  return { ...base, manager: "cgroupfs", reason: `the cgroup ${parent} is this user's`, parent, controllers: list };
}

/**
 * Where a container's cgroup goes, as the runtime spec says it; undefined when none is made.
 * @throws {DhowError} `invalid-argument` for a slice that is none, and for a cgroup outside of the user's.
 */
export function cgroupsPathOf(
  { manager, parent }: Pick<CgroupSupport, "manager" | "parent">,
  id: string,
  place: CgroupPlace = {},
): string | undefined {
  switch (manager) {
    case "systemd":
      return `${sliceAt(place)}:dhow:${id}`;
    case "cgroupfs":
      return `${cgroupAt(parent, place)}/dhow-${id}`;
    case "disabled":
      return undefined;
  }
}

/** Where a container's cgroup lies: in that of its pod, and all in one that the user wants. */
export interface CgroupPlace {
  /** --cgroup-parent: a slice for systemd; else a cgroup in the user's own one, which may be named with it. */
  readonly wanted?: string | undefined;
  /** Id of a pod whose containers have a cgroup in common. */
  readonly podId?: string | undefined;
}

/** To systemd, the name of a slice is its path: what it lies in stands before the last hyphen. */
export function sliceAt({ wanted, podId }: CgroupPlace): string {
  const outer = wanted === undefined ? "user.slice" : sliceOf(wanted);
  return podId === undefined ? outer : `${outer.slice(0, -".slice".length)}-dhow_pod_${podId}.slice`;
}

/** Below /sys/fs/cgroup, beginning with "/"; "" for that itself. */
export function cgroupAt(parent: string | undefined, { wanted, podId }: CgroupPlace): string {
  const own = parent === undefined || parent === "/" ? "" : parent;
  return `${own}${wanted === undefined ? "" : below(own, wanted)}${podId === undefined ? "" : `/dhow-pod-${podId}`}`;
}

function sliceOf(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (/^[A-Za-z0-9:_.\\-]+\.slice$/.test(name)) return name;
  throw new DhowError(
    `did not receive systemd slice as cgroup parent when using systemd to manage cgroups: ${JSON.stringify(path)}`,
    { kind: "invalid-argument", hint: "name a slice, as user-builds.slice" },
  );
}

/** The part of a cgroup's path that follows the user's own cgroup; "" for that itself. */
function below(own: string, wanted: string): string {
  const parts = wanted.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) {
    throw new DhowError(`cgroup parent ${JSON.stringify(wanted)} leads out of this user's cgroup`, {
      kind: "invalid-argument",
    });
  }
  const path = parts.map((part) => `/${part}`).join("");
  return path === own || path.startsWith(`${own}/`) ? path.slice(own.length) : path;
}

/**
 * What has to start a program that enters the cgroup of a running container. From a login session the kernel refuses
 * that: session and container have only root's cgroups in common. systemd-run moves the program among the user's services
 * first, and costs about 10 ms; programs that are started from there already need nothing.
 */
export function cgroupEntry(
  manager: CgroupManager,
  probes: Pick<CgroupProbes, "uid" | "read"> = machineProbes(),
): string[] {
  if (manager !== "systemd") return [];
  const isService = (probes.read("/proc/self/cgroup") ?? "").includes(`/user@${probes.uid}.service/`);
  return isService ? [] : ["systemd-run", "--user", "--scope", "--quiet", "--collect", "--"];
}

function checkRequest(requested: string | undefined): CgroupManager | undefined {
  switch (requested) {
    case undefined:
    case "systemd":
    case "cgroupfs":
    case "disabled":
      return requested;
    default:
      throw new DhowError(`cgroup manager "${requested}" is not known`, {
        kind: "invalid-argument",
        hint: "choose one of systemd, cgroupfs, disabled",
      });
  }
}

/** By the hierarchies that this process is in: what is mounted may have been arranged. */
export function cgroupVersion({ read }: Pick<CgroupProbes, "read">): CgroupSupport["version"] {
  const lines = (read("/proc/self/cgroup") ?? "").split("\n").filter(Boolean);
  const hasV1 = lines.some((line) => /^\d+:[^:]+:/.test(line) && !line.includes(":name="));
  const hasV2 = lines.some((line) => line.startsWith("0::"));
  return hasV1 ? (hasV2 ? "hybrid" : "v1") : "v2";
}

/** Whether a systemd manages this user's services, and programs find the bus to it. */
export function hasUserSystemd({ uid, busAddress, runtimeDirectory, isSocket }: CgroupProbes): boolean {
  const directory = runtimeDirectory ?? `/run/user/${uid}`;
  // The runtime looks for the bus by itself, through these two variables.
  const hasBus = busAddress !== undefined || (runtimeDirectory !== undefined && isSocket(`${directory}/bus`));
  return hasBus && isSocket(`${directory}/systemd/private`);
}

/** The controllers that systemd hands to this user's services; undefined if there is no systemd for this user. */
function systemdControllers(probes: CgroupProbes): string[] | undefined {
  if (!hasUserSystemd(probes)) return undefined;
  const { uid, read } = probes;
  return words(read(`${mountPoint}/user.slice/user-${uid}.slice/user@${uid}.service/cgroup.controllers`));
}

/** The highest cgroup from this process's own upwards in which the user may make others. */
function findDelegated({ read, isWritable }: CgroupProbes): string | undefined {
  const own = /^0::(\/.*)$/m.exec(read("/proc/self/cgroup") ?? "")?.[1];
  if (own === undefined) return undefined;
  let found: string | undefined;
  for (let path = own === "/" ? "" : own; ; path = path.slice(0, path.lastIndexOf("/"))) {
    const folder = `${mountPoint}${path}`;
    if (![folder, `${folder}/cgroup.procs`, `${folder}/cgroup.subtree_control`].every(isWritable)) return found;
    found = path || "/";
    if (path === "") return found;
  }
}

function words(text: string | undefined): string[] {
  return text?.split(/\s+/).filter(Boolean) ?? [];
}

export function machineProbes(): CgroupProbes {
  return {
    uid: currentUserId(),
    busAddress: getVariable("DBUS_SESSION_BUS_ADDRESS"),
    runtimeDirectory: getVariable("XDG_RUNTIME_DIR"),
    read(path) {
      try {
        return readFileSync(path, "latin1");
      } catch {
        return undefined;
      }
    },
    isSocket: (path) => {
      try {
        return statSync(path).isSocket();
      } catch {
        return false;
      }
    },
    isWritable(path) {
      try {
        accessSync(path, constants.W_OK);
        return true;
      } catch {
        return false;
      }
    },
  };
}
