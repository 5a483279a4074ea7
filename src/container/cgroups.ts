import { existsSync } from "node:fs";
import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import type { ContainerConfig } from "../model/container-config.ts";
import {
  type CgroupManager,
  type CgroupPlace,
  type CgroupSupport,
  cgroupsPathOf,
  chooseCgroupManager,
} from "../rootless/cgroup.ts";
import { runtimeArguments } from "../runtime/conmon.ts";
import { runFiles } from "../runtime/files.ts";
import { findRuntimeTools, type RuntimeTools } from "../runtime/tools.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import { tryRun } from "../system/process.ts";

export interface CgroupChoice {
  readonly manager: CgroupManager;
  /** For the runtime spec; undefined when no cgroup is made. */
  readonly path: string | undefined;
  /** What the container can be limited by. */
  readonly controllers: readonly string[];
}

type CgroupEngine = Pick<Engine, "globals" | "containers">;

/**
 * Who makes the container's cgroup, and where.
 * @throws {DhowError} `invalid-argument` if the parent that it is to have is none here.
 */
export function chooseCgroups(
  engine: Pick<Engine, "globals">,
  { id, config }: Pick<ContainerRecord, "id" | "config">,
): CgroupChoice {
  const support = cgroupSupportFor(engine, config);
  return {
    manager: support.manager,
    path: cgroupsPathOf(support, id, placeOf(config)),
    controllers: support.controllers,
  };
}

function placeOf({ cgroupParent, pod }: ContainerRecord["config"]): CgroupPlace {
  return { wanted: cgroupParent, podId: pod?.sharesCgroup ? pod.id : undefined };
}

/** What can be done with cgroups for a container. */
export function cgroupSupportFor(
  { globals }: Pick<Engine, "globals">,
  { cgroups }: Pick<ContainerConfig, "cgroups">,
): CgroupSupport {
  return chooseCgroupManager(cgroups === "disabled" ? "disabled" : globals.cgroupManager);
}

/**
 * Makes sure that a container has a cgroup of its own.
 * @param refusal What cannot be done without.
 * @throws {DhowError} `unsupported`, with the reason.
 */
export function requireCgroup(
  { globals }: Pick<Engine, "globals">,
  { config }: Pick<ContainerRecord, "config">,
  refusal: string,
): void {
  if (config.cgroups === "disabled") throw withoutCgroup(refusal, "the container was made with --cgroups=disabled");
  const { manager, reason } = chooseCgroupManager(globals.cgroupManager);
  if (manager === "disabled") throw withoutCgroup(refusal, reason);
}

function withoutCgroup(refusal: string, reason: string): DhowError {
  return new DhowError(`${refusal}: this container is not running with a cgroup of its own`, {
    kind: "unsupported",
    hint: `${reason}; 'dhow doctor' tells what can be done about it`,
  });
}

/** A container keeps to the runtime that it was made with: no other knows its state. */
export function toolsFor(
  { globals }: Pick<Engine, "globals">,
  { config }: Pick<ContainerRecord, "config">,
  cgroupManager: CgroupManager,
): RuntimeTools {
  const runtime = config.runtime ?? globals.runtime;
  return findRuntimeTools({ ...globals, ...(runtime === undefined ? {} : { runtime }), cgroupManager });
}

/** The programs that run a container, and who makes its cgroup. */
export function containerTools(
  engine: Pick<Engine, "globals">,
  record: Pick<ContainerRecord, "id" | "config">,
): RuntimeTools {
  const { manager } = cgroupSupportFor(engine, record.config);
  return toolsFor(engine, record, manager);
}

/**
 * Has the runtime remove the cgroup of a container that has ended. Without cgroups the runtime knows nothing of it but
 * files in the run folder, which need no program to be removed.
 */
export function removeCgroup(engine: CgroupEngine, record: Pick<ContainerRecord, "id" | "config">): void {
  const runDirectory = engine.containers.runDirectory(record.id);
  const { runtimeRoot } = runFiles(runDirectory);
  if (cgroupSupportFor(engine, record.config).manager === "disabled" || !existsSync(`${runtimeRoot}/${record.id}`))
    return;
  const tools = containerTools(engine, record);
  tryRun([tools.runtime, ...runtimeArguments({ tools, runDirectory }), "delete", "--force", record.id]);
}
