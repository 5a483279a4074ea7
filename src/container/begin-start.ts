import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import type { NetworkPlan } from "../network/network.ts";
import { announceAttendance } from "../runtime/attendant.ts";
import { compiledFilters } from "../runtime/compiled-filters.ts";
import { runFiles } from "../runtime/files.ts";
import { type Created, type Launch, launchContainer } from "../runtime/launch.ts";
import { prepareSharedMemory } from "../runtime/shared-memory.ts";
import type { RuntimeTools } from "../runtime/tools.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import type { MountPlan } from "../storage/rootfs.ts";
import { userMount } from "../storage/user-mounts.ts";
import { bootId, identifyProcess } from "../system/clock.ts";
import { installationFile } from "../system/installation.ts";
import { planRootfs } from "./base-layers.ts";
import { chooseCgroups, toolsFor } from "./cgroups.ts";
import { takeDown } from "./end.ts";
import { globalArguments } from "./global-arguments.ts";
import { hasTimer, initialHealth } from "./health/state.ts";
import { healthTimerCommand } from "./health/timer.ts";
import { planContainerNetwork } from "./plan-network.ts";
import { limitPod } from "./pod-cgroup.ts";
import { explained, nameHolder } from "./port-holder.ts";
import { makeReachable, reachableRootfs } from "./reachable-rootfs.ts";
import { recordEvent } from "./record-event.ts";
import { startInitialized } from "./start-initialized.ts";
import { canStart, isInitialized } from "./state.ts";
import { idShiftOf } from "./user-ids.ts";
import { draftSpec, type SpecDraft, type SpecRequest } from "./write-spec.ts";

/** A container on its way from "created" or "exited" to "running". The caller holds its lock. */
export interface Starting {
  /**
   * The runtime has created it; its attach socket listens.
   * @param meanwhile Work for this process while the runtime is at work.
   */
  create(meanwhile?: () => void): Promise<Created>;
  /** Its program runs, and is recorded as running. */
  go(created: Created): Promise<ContainerRecord>;
  /** It is left as it is, created and recorded as initialized, for somebody who starts it later. */
  leave(created: Created): Promise<void>;
  /** After a failure of one of the others: takes everything down and records why. */
  undo(reason: unknown): Promise<void>;
}

/**
 * Begins to start a container and returns while the first programs run, so that the caller can prepare in parallel.
 * This process attends to the container until it withdraws.
 *
 * @throws {DhowError} `conflict` if it runs already, or cannot be started in its state.
 */
export function beginStart(
  engine: Engine,
  record: ContainerRecord,
  { preserveFds = [] }: { readonly preserveFds?: readonly number[] } = {},
): Starting {
  if (isInitialized(record)) return startInitialized(engine, record);
  if (!canStart(record.state)) throw improper(record);
  const { id } = record;
  const runDirectory = engine.containers.runDirectory(id);
  const network = explained(engine, record, () => planContainerNetwork(engine, record));
  // Recorded before the first trace of it is on the machine: whoever finds it like this, and us dead, cleans up.
  engine.containers.update(id, {
    state: "initialized",
    bootId: bootId(),
    monitor: identifyProcess(process.pid),
    networkState: network.state,
  });
  let parts: StartParts;
  try {
    rmSync(runDirectory, { recursive: true, force: true });
    mkdirSync(runFiles(runDirectory).rootfs, { recursive: true, mode: 0o700 });
    announceAttendance(runDirectory);
    const cgroups = chooseCgroups(engine, record);
    if (cgroups.path !== undefined) limitPod(engine, record);
    const tools = toolsFor(engine, record, cgroups.manager);
    checkKeptGroups(record, tools);
    const launch = launchContainer({ ...launchRequest(engine, record, { network, tools }), preserveFds });
    parts = { launch, network, cgroups, filters: compiledFilters(engine.paths.run, tools) };
  } catch (error) {
    engine.containers.update(id, { state: record.state, error: messageOf(error), networkState: undefined });
    if (network.attach) engine.networks.leases.release(id);
    throw error;
  }
  return steps(engine, record, parts);
}

interface StartParts extends SpecRequest {
  readonly launch: Launch;
}

function steps(engine: Engine, record: ContainerRecord, { launch, ...request }: StartParts): Starting {
  const { id, config } = record;
  const { network } = request;
  let draft: SpecDraft | undefined;
  return {
    async create(meanwhile) {
      draft = draftSpec(engine, record, request);
      await launch.mounted;
      await draft.write();
      const creating = launch.create();
      meanwhile?.();
      const [created] = await Promise.all([creating, network.attach?.()]);
      await network.publish?.();
      recordEvent(engine, record, "init");
      if (config.pidFile !== undefined) writeFileSync(config.pidFile, `${created.init.pid}`);
      if (config.conmonPidFile !== undefined) writeFileSync(config.conmonPidFile, `${created.monitor?.pid ?? ""}`);
      return created;
    },
    async go(created) {
      const started = launch.start();
      // In parallel with the runtime: a failed start takes it back.
      const running = engine.containers.update(id, {
        ...{ state: "running", init: created.init, monitor: created.monitor },
        ...{ startedAt: new Date(), finishedAt: undefined, exitCode: undefined, error: "", stoppedByUser: false },
        oomKilled: false,
        health: config.health && initialHealth(config.health),
      });
      await started;
      recordEvent(engine, record, "start");
      draft?.keepCompiled();
      return running;
    },
    async leave(created) {
      await launch.leave();
      engine.containers.update(id, { init: created.init, monitor: created.monitor, error: "" });
      draft?.keepCompiled();
    },
    async undo(reason) {
      await launch.abandon();
      await takeDown(engine, { ...record, bootId: bootId(), networkState: network.state });
      const { state, startedAt, finishedAt, exitCode } = record;
      engine.containers.update(id, {
        ...{ state, startedAt, finishedAt, exitCode, error: messageOf(reason) },
        ...{ init: undefined, monitor: undefined, networkState: undefined },
      });
    },
  };
}

function launchRequest(
  engine: Engine,
  { id, name, config }: ContainerRecord,
  { network, tools }: { readonly network: NetworkPlan; readonly tools: RuntimeTools },
): Omit<Parameters<typeof launchContainer>[0], "preserveFds"> {
  const runDirectory = engine.containers.runDirectory(id);
  return {
    tools,
    id,
    name,
    runDirectory,
    terminal: config.terminal,
    stdin: config.stdin,
    log: { ...config.log, path: logPath(engine, { id, config }) },
    timeoutSeconds: config.timeoutSeconds,
    exitCommand: [
      installationFile("libexec/on-exit"),
      runDirectory,
      installationFile("bin/dhow"),
      ...globalArguments(engine),
      ...["container", "cleanup", id],
    ],
    ...planCommands(engine, { id, config }, network),
    connect: network.connect,
    networkError: (output) => nameHolder(engine, { id, config }, network.explain(output)),
    healthTimer: config.health && hasTimer(config.health) ? healthTimerCommand(engine, id) : undefined,
  };
}

/** What waits for nothing but the script itself is done before this process goes on: a namespace that it attaches. */
function planCommands(
  engine: Engine,
  record: Pick<ContainerRecord, "id" | "config">,
  network: NetworkPlan,
): Pick<Parameters<typeof launchContainer>[0], "mount" | "network"> {
  const mount = planMounts(engine, record);
  const later = openLowPorts(record.config, network);
  if (!network.attach) return { mount, network: [...network.commands, ...later] };
  return { mount: { ...mount, commands: [...mount.commands, ...network.commands] }, network: later };
}

function planMounts(engine: Engine, { id, config }: Pick<ContainerRecord, "id" | "config">): MountPlan {
  const runDirectory = engine.containers.runDirectory(id);
  const target = runFiles(runDirectory).rootfs;
  const mounted = userMount(engine.paths.run, "containers", id).target;
  const shift = idShiftOf(config);
  const isMounted = existsSync(mounted) && engine.rootfs.isMounted(mounted);
  if (isMounted && shift) {
    throw new DhowError(`container ${id} is mounted, with other owners than it has in its user namespace`, {
      kind: "conflict",
      hint: `unmount it first: dhow unmount ${id.slice(0, 12)}`,
    });
  }
  const rootfs = isMounted
    ? // Two mounts of one upper folder would not see each other's changes.
      { commands: [["mount", "--bind", mounted, target] as const], cwd: "/" }
    : planRootfs(engine, { id, config }, { target, volatile: config.autoRemove, shift });
  const commands = [...rootfs.commands];
  const reachable = reachableRootfs(id, config);
  if (reachable !== undefined) {
    makeReachable(reachable);
    commands.push(["mount", "--rbind", target, reachable]);
  }
  if (config.ipcShareable) commands.push(prepareSharedMemory(runDirectory, config.shmSizeBytes));
  return { ...rootfs, commands };
}

/**
 * The network of a container with ids of its own belongs to the user's namespace, over which its root has no rights: low
 * ports are opened to everybody in it.
 */
function openLowPorts(
  { userns, network }: ContainerRecord["config"],
  { namespace }: NetworkPlan,
): [string, ...string[]][] {
  if (userns.mode === "host" || namespace.kind !== "path" || network.containerId !== undefined) return [];
  const script = "echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start";
  return [["nsenter", `--net=${namespace.path}`, "sh", "-c", script]];
}

/** @throws {DhowError} `unsupported`. */
function checkKeptGroups({ config }: ContainerRecord, { runtimeName }: RuntimeTools): void {
  if (!config.groupAdd.includes("keep-groups") || runtimeName.startsWith("crun")) return;
  throw new DhowError(`--group-add keep-groups is not possible with ${runtimeName}`, {
    kind: "unsupported",
    hint: "use crun",
  });
}

/** Where a container's output is kept. */
export function logPath(
  { containers }: Pick<Engine, "containers">,
  { id, config }: Pick<ContainerRecord, "id" | "config">,
): string {
  return config.log.path ?? `${containers.directory(id)}/ctr.log`;
}

function improper({ id, state }: ContainerRecord): DhowError {
  return new DhowError(
    `container ${id} must be in Created or Stopped state to be started: it is ${state}: container state improper`,
    { kind: "conflict" },
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
