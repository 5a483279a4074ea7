import { readFileSync } from "node:fs";
import type { Engine } from "../engine.ts";
import type { CapabilitiesSpec, RlimitSpec, RuntimeSpec } from "../oci/runtime-spec.ts";
import { runFiles } from "../runtime/files.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import type { ImageRecord } from "../storage/images.ts";
import { logPath } from "./begin-start.ts";
import { cgroupSupportFor } from "./cgroups.ts";
import { dependenciesOf } from "./dependencies.ts";
import { listExecSessions } from "./exec-sessions.ts";
import { healthJson } from "./health/state.ts";
import { inspectConfig } from "./inspect/config.ts";
import { inspectHostConfig } from "./inspect/host-config.ts";
import { inspectMounts } from "./inspect/mounts.ts";
import { inspectNetwork } from "./inspect/network.ts";
import { measureContainer } from "./sizes.ts";
import { containerCapabilities } from "./spec/capabilities.ts";
import { readHostFacts, readLastCapability } from "./spec/host-facts.ts";
import { containerLimits } from "./spec/limits.ts";
import { isLive, isPaused, isRunning } from "./state.ts";

export type InspectEngine = Pick<
  Engine,
  "containers" | "networks" | "volumes" | "images" | "layers" | "rootfs" | "globals" | "paths"
>;

export interface InspectOptions {
  /** Measures the files on disk: slow for containers that have written many. */
  readonly size: boolean;
}

/** The cgroup v2 of a process; undefined if it has ended. */
function cgroupOf(pid: number): string | undefined {
  try {
    return /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, "utf8"))?.[1];
  } catch {
    return undefined;
  }
}

/** Go's zero time, which podman shows for what has not happened. */
const never = "0001-01-01T00:00:00Z";

/** What `inspect` shows of a container, under podman's names; Docker's where they do not clash. */
export function inspectContainer(engine: InspectEngine, record: ContainerRecord, { size }: InspectOptions): object {
  const { id, name, config, state } = record;
  const image = config.rootfs ? undefined : engine.images.find(config.imageId);
  const files = filesOf(engine, record);
  const capabilities = capabilitiesOf(engine, record);
  return {
    Id: id,
    Created: record.createdAt.toISOString(),
    Path: config.argv[0] ?? "",
    Args: config.argv.slice(1),
    State: inspectState(record),
    Image: config.imageId,
    ImageDigest: image?.manifestDigest ?? "",
    ImageName: config.imageName,
    Rootfs: config.rootfs?.path ?? "",
    Pod: config.pod?.id ?? "",
    ...files.paths,
    OCIRuntime: config.runtime ?? engine.globals.runtime ?? "crun",
    Name: name,
    RestartCount: record.restartCount,
    Driver: engine.rootfs.name,
    MountLabel: "",
    ProcessLabel: "",
    AppArmorProfile: "",
    EffectiveCaps: capabilities.effective,
    BoundingCaps: capabilities.bounding,
    ExecIDs: isLive(state) ? listExecSessions(engine.containers.runDirectory(id)) : [],
    GraphDriver: { Name: engine.rootfs.name, Data: graphData(engine, { record, image, isMounted: isLive(state) }) },
    ...(size ? sizesOf(engine, record) : {}),
    Mounts: inspectMounts(engine, config.mounts),
    Dependencies: dependenciesOf(config),
    NetworkSettings: inspectNetwork({ record, owner: networkOwner(engine, record), networkId: idOf(engine) }),
    Namespace: "",
    IsInfra: config.pod?.role === "infra",
    IsService: false,
    KubeExitCodePropagation: "invalid",
    LockNumber: 0,
    // Podman writes it like this; its templates know it by the other name.
    lockNumber: 0,
    Platform: "linux",
    UseImageHosts: config.network.noHosts,
    UseImageHostname: config.network.noHostname,
    Config: inspectConfig(record),
    HostConfig: inspectHostConfig(record, {
      logPath: files.log,
      cgroupManager: cgroupSupportFor(engine, config).manager,
      limits: limitsOf(engine, record),
    }),
  };
}

function idOf({ networks }: InspectEngine): (name: string) => string {
  return (name) => networks.find(name)?.id ?? name;
}

/** A container in the network of another one shows that. */
function networkOwner(engine: Pick<Engine, "containers">, record: ContainerRecord): ContainerRecord {
  const { containerId } = record.config.network;
  const owner = containerId === undefined ? undefined : engine.containers.find(containerId);
  return owner === undefined ? record : networkOwner(engine, owner);
}

function inspectState(record: ContainerRecord): object {
  const { state, init, monitor } = record;
  return {
    OciVersion: "1.0.2",
    Status: state,
    Running: isRunning(state) && !isPaused(state),
    Paused: isPaused(state),
    Restarting: false,
    OOMKilled: record.oomKilled,
    Dead: false,
    Pid: init?.pid ?? 0,
    ConmonPid: monitor?.pid ?? 0,
    ExitCode: record.exitCode ?? 0,
    Error: record.error,
    StartedAt: record.startedAt?.toISOString() ?? never,
    FinishedAt: record.finishedAt?.toISOString() ?? never,
    ...(record.health ? { Health: healthJson(record.health) } : {}),
    CgroupPath: init ? (cgroupOf(init.pid) ?? "") : "",
    CheckpointedAt: never,
    RestoredAt: never,
    StoppedByUser: record.stoppedByUser,
  };
}

function filesOf(engine: InspectEngine, record: ContainerRecord) {
  const { id, state, config } = record;
  const run = runFiles(engine.containers.runDirectory(id));
  const generated = `${engine.containers.runDirectory(id)}/files`;
  const live = isLive(state);
  const log = config.log.driver === "k8s-file" || config.log.driver === "json-file" ? logPath(engine, record) : "";
  return {
    log,
    paths: {
      ResolvConfPath: live ? `${generated}/resolv.conf` : "",
      HostnamePath: live ? `${generated}/hostname` : "",
      HostsPath: live ? `${generated}/hosts` : "",
      StaticDir: engine.containers.directory(id),
      LogPath: log,
      OCIConfigPath: live ? run.config : "",
      ConmonPidFile: config.conmonPidFile ?? run.monitorPidFile,
      PidFile: config.pidFile ?? run.pidFile,
    },
  };
}

/** Of a running container, what its spec says; else what it would get. -1 is unlimited. */
function limitsOf({ containers }: InspectEngine, { id, state, config }: ContainerRecord): readonly RlimitSpec[] {
  const spec = isLive(state) ? readSpec(containers.runDirectory(id)) : undefined;
  const { limits } = readHostFacts();
  return spec?.process.rlimits.map(withoutBigNumbers) ?? containerLimits(config.ulimits, limits);
}

/** The number that stands for no limit does not survive JSON.parse. */
function withoutBigNumbers({ type, soft, hard }: RlimitSpec): RlimitSpec {
  const plain = (limit: number) => (limit > Number.MAX_SAFE_INTEGER ? -1 : limit);
  return { type, soft: plain(soft), hard: plain(hard) };
}

/** Undefined for a container that has just ended, or is not set up yet. */
function readSpec(runDirectory: string): RuntimeSpec | undefined {
  try {
    return JSON.parse(readFileSync(runFiles(runDirectory).config, "utf8")) as RuntimeSpec;
  } catch {
    return undefined;
  }
}

/** Of a running container, what its spec says; else what it would get. */
function capabilitiesOf({ containers }: InspectEngine, { id, state, config }: ContainerRecord): CapabilitiesSpec {
  const spec = isLive(state) ? readSpec(containers.runDirectory(id)) : undefined;
  if (spec) return spec.process.capabilities;
  const uid = /^(?:0|root)?(?::|$)/.test(config.user) ? 0 : 1;
  return containerCapabilities(config, { uid, lastCapability: readLastCapability() });
}

function graphData(
  { containers, layers, rootfs }: InspectEngine,
  { record, image, isMounted }: { record: ContainerRecord; image: ImageRecord | undefined; isMounted: boolean },
): object | null {
  if (rootfs.name === "vfs") return null;
  const directory = containers.directory(record.id);
  const top = image?.topLayer;
  const lower = top !== undefined && layers.find(top) ? layers.chain(top).map((layer) => layers.diffPath(layer)) : [];
  return {
    LowerDir: lower.join(":"),
    ...(isMounted ? { MergedDir: runFiles(containers.runDirectory(record.id)).rootfs } : {}),
    UpperDir: `${directory}/diff`,
    WorkDir: `${directory}/work`,
  };
}

function sizesOf(engine: InspectEngine, record: ContainerRecord): { SizeRw: number; SizeRootFs: number } {
  const { writtenBytes, totalBytes } = measureContainer(engine, record);
  return { SizeRw: writtenBytes, SizeRootFs: totalBytes };
}
