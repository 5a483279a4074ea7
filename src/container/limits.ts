import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import type { ContainerConfig } from "../model/container-config.ts";
import type { Resources } from "../model/resources.ts";
import { type CgroupSupport, cgroupsPathOf } from "../rootless/cgroup.ts";
import { cgroupSupportFor } from "./cgroups.ts";

/** The controllers of cgroup v2 that a limit needs. */
const controllers: Readonly<Record<Exclude<keyof Resources, "unified">, string>> = {
  memoryBytes: "memory",
  memoryReservationBytes: "memory",
  memorySwapBytes: "memory",
  cpuShares: "cpu",
  cpuQuota: "cpu",
  cpuPeriod: "cpu",
  cpusetCpus: "cpuset",
  cpusetMems: "cpuset",
  pidsLimit: "pids",
  blkioWeight: "io",
  blkioWeightDevices: "io",
  readBps: "io",
  writeBps: "io",
  readIops: "io",
  writeIops: "io",
};

const delegation =
  "as root, write '[Service]' and 'Delegate=cpu cpuset io memory pids' to /etc/systemd/system/user@.service.d/delegate.conf, and log in anew";

type LimitedConfig = Pick<ContainerConfig, "resources" | "cgroups" | "cgroupParent">;

/**
 * Looks whether a container's limits can be kept here, and tells the user of those that cannot: one warning, as it is made.
 * @throws {DhowError} `invalid-argument` for limits of a container that is to have no cgroup, and for a parent of its cgroup
 * that is none; `unsupported` for a parent where no cgroup can be made.
 */
export function checkLimits({ globals, warn }: Pick<Engine, "globals" | "warn">, config: LimitedConfig): void {
  const { resources = {}, cgroups, cgroupParent } = config;
  const hasLimits = Object.keys(resources).length > 0;
  if (!hasLimits && cgroupParent === undefined) return;
  if (cgroups === "disabled" && hasLimits) {
    throw new DhowError("cannot specify resource limits when cgroups are disabled is specified", {
      kind: "invalid-argument",
    });
  }
  const support = cgroupSupportFor({ globals }, { cgroups });
  if (cgroupParent !== undefined) checkParent(support, cgroupParent);
  const missing = missingControllers(resources, support);
  if (missing.length === 0) return;
  const [reason, hint] = explain(support, missing);
  warn(`limits by ${missing.join(", ")} are not kept: ${reason}; ${hint}`);
}

/** As many processes as a container may have unless it is told otherwise; so much is in podman's containers.conf. */
const usualPidsLimit = 2048;

/** Gives a container that is made the limits that every one has, where they can be kept. */
export function withUsualLimits<Config extends LimitedConfig>(engine: Pick<Engine, "globals">, config: Config): Config {
  if (config.resources?.pidsLimit !== undefined) return config;
  const { manager, controllers } = cgroupSupportFor(engine, config);
  if (manager === "disabled" || !controllers.includes("pids")) return config;
  return { ...config, resources: { ...config.resources, pidsLimit: usualPidsLimit } };
}

/**
 * As {@link checkLimits}, for limits that are to be kept now.
 * @throws {DhowError} `unsupported` for limits that cannot be kept.
 */
export function requireLimits({ globals }: Pick<Engine, "globals">, { resources = {}, cgroups }: LimitedConfig): void {
  const support = cgroupSupportFor({ globals }, { cgroups });
  const missing = missingControllers(resources, support);
  if (missing.length === 0) return;
  const [reason, hint] = explain(support, missing);
  throw new DhowError(`limits by ${missing.join(", ")} cannot be kept: ${reason}`, { kind: "unsupported", hint });
}

/** The limits that can be kept with some controllers. */
export function keptLimits(resources: Resources | undefined, available: readonly string[]): Resources | undefined {
  if (resources === undefined) return undefined;
  const { unified, ...others } = resources;
  const kept = Object.entries(others).filter(([name]) => available.includes(controllerOf(name as keyof typeof others)));
  const files = Object.entries(unified ?? {}).filter(([file]) => isKept(controllerOfFile(file), available));
  return { ...Object.fromEntries(kept), ...(files.length > 0 ? { unified: Object.fromEntries(files) } : {}) };
}

function missingControllers({ unified = {}, ...others }: Resources, support: CgroupSupport): string[] {
  // Being without a limit is what there is without a controller.
  const limited = Object.entries(others).filter(([, value]) => value !== -1);
  const wanted = [
    ...limited.map(([name]) => controllerOf(name as keyof typeof others)),
    ...Object.keys(unified).map(controllerOfFile),
  ];
  const available = support.manager === "disabled" ? [] : support.controllers;
  return [...new Set(wanted)].filter((controller) => support.manager === "disabled" || !isKept(controller, available));
}

function controllerOf(name: keyof typeof controllers): string {
  return controllers[name];
}

function controllerOfFile(file: string): string {
  return file.split(".", 1)[0] ?? file;
}

/** `cgroup.*` and the like are there without any controller. */
function isKept(controller: string, available: readonly string[]): boolean {
  return controller === "cgroup" || available.includes(controller);
}

/** Why, and what can be done about it. */
function explain({ manager, reason }: CgroupSupport, missing: readonly string[]): [string, string] {
  if (manager === "disabled") return [reason, `'dhow doctor' tells more; where systemd runs: ${delegation}`];
  const what = missing.length === 1 ? "this controller is" : "these controllers are";
  return [`${what} not delegated to you`, delegation];
}

function checkParent(support: CgroupSupport, cgroupParent: string): void {
  if (support.manager === "disabled") {
    throw new DhowError(`--cgroup-parent ${cgroupParent} is not possible: the container gets no cgroup`, {
      kind: "unsupported",
      hint: `${support.reason}; see 'dhow doctor'`,
    });
  }
  cgroupsPathOf(support, "", { wanted: cgroupParent });
}
