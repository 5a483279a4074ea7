import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import type { ContainerConfig, NamespaceMode } from "../model/container-config.ts";
import { runFiles } from "../runtime/files.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import type { ProcessIdentity } from "../system/clock.ts";
import { isGone } from "./end.ts";
import type { JoinedNamespaces } from "./spec/input.ts";
import { canExec } from "./state.ts";

/**
 * Where the namespaces of other containers are that a container joins.
 * @throws {DhowError} `conflict` if one of them does not run.
 */
export function findJoinedNamespaces(engine: Pick<Engine, "containers">, config: ContainerConfig): JoinedNamespaces {
  const ns = (mode: NamespaceMode, name: string) => {
    if (mode.mode !== "container") return undefined;
    const { pid } = getRunning(engine, mode.id);
    return { path: `/proc/${pid}/ns/${name}` };
  };
  const found = {
    pid: ns(config.pidMode, "pid"),
    ipc: ns(config.ipcMode, "ipc"),
    uts: ns(config.utsMode, "uts"),
    cgroup: ns(config.cgroupMode, "cgroup"),
  };
  const { userns } = config;
  const user =
    userns.mode === "joined"
      ? (userns.path ?? `/proc/${getRunning(engine, userns.containerId ?? "").pid}/ns/user`)
      : undefined;
  return {
    ...(user === undefined ? {} : { user }),
    ...(found.pid && { pid: found.pid.path }),
    ...(found.ipc && { ipc: found.ipc.path }),
    ...(found.uts && { uts: found.uts.path }),
    ...(found.cgroup && { cgroup: found.cgroup.path }),
  };
}

/**
 * Where the /dev/shm is mounted that a container shares with others, be it its own or another's; undefined if it shares none.
 * @throws {DhowError} `conflict` if the other container keeps its own to itself.
 */
export function sharedMemoryOf(
  { containers }: Pick<Engine, "containers">,
  { id, config }: Pick<ContainerRecord, "id" | "config">,
): string | undefined {
  const { ipcMode, ipcShareable } = config;
  if (ipcMode.mode !== "container") return ipcShareable ? runFiles(containers.runDirectory(id)).shm : undefined;
  const other = containers.get(ipcMode.id);
  const { mode } = other.config.ipcMode;
  if (mode === "host") return "/dev/shm";
  if (mode === "private" && !other.config.ipcShareable) {
    throw new DhowError(`cannot join the IPC namespace of container ${other.name}: non-shareable IPC`, {
      kind: "conflict",
      hint: `make ${other.name} with --ipc shareable`,
    });
  }
  return sharedMemoryOf({ containers }, other);
}

/** Path of the network namespace of another container. @throws {DhowError} `conflict` if it does not run. */
export function networkNamespaceOf(engine: Pick<Engine, "containers">, id: string): string {
  return `/proc/${getRunning(engine, id).pid}/ns/net`;
}

function getRunning({ containers }: Pick<Engine, "containers">, id: string): ProcessIdentity {
  const record = containers.get(id);
  if (!canExec(record.state) || isGone(record) || !record.init) {
    throw new DhowError(
      `cannot join the namespaces of container ${record.name}: it is ${record.state}: container state improper`,
      { kind: "conflict", hint: `start it first: dhow start ${record.name}` },
    );
  }
  return record.init;
}
