import { cloneContainer } from "../container/clone.ts";
import { removePod } from "../container/remove.ts";
import type { Engine } from "../engine.ts";
import type { ContainerConfig, NamespaceMode } from "../model/container-config.ts";
import type { PodConfig } from "../model/pod-config.ts";
import type { PodRecord } from "../storage/pods.ts";
import { createPod } from "./create.ts";

export interface ClonePodOptions {
  /** Undefined for `NAME-clone`, or with a number behind it if that is taken. */
  readonly name: string | undefined;
  /** Undefined for the original's, with `-clone` behind it. */
  readonly infraName: string | undefined;
  /** Makes the clone's configuration of the original one's. */
  changePod(config: PodConfig): PodConfig;
  changeInfra(config: ContainerConfig): ContainerConfig;
}

/**
 * Makes a pod with the configuration of another one, and clones of the containers of that.
 * @throws {DhowError} `not-found`; `already-exists` for a name in use.
 */
export async function clonePod(engine: Engine, nameOrId: string, options: ClonePodOptions): Promise<PodRecord> {
  const original = engine.pods.get(nameOrId);
  const members = engine.containers.listOfPod(original.id);
  const infra = members.find(({ id }) => id === original.config.infraId);
  const { infraId: _, ...config } = options.changePod(original.config);
  const clone = await createPod(engine, {
    name: options.name ?? freeName(`${original.name}-clone`, (name) => engine.pods.find(name)?.name === name),
    config,
    infra: infra && {
      name: options.infraName ?? freeName(`${infra.name}-clone`, (name) => engine.containers.find(name)?.name === name),
      config: options.changeInfra(withoutHostname(infra.config, original)),
    },
  });
  try {
    cloneMembers(engine, original, clone);
  } catch (error) {
    await removePod(engine, clone.id, { force: true });
    throw error;
  }
  return clone;
}

/** A hostname that the infra container had from the pod's name. */
function withoutHostname(config: ContainerConfig, { config: { hostname } }: PodRecord): ContainerConfig {
  return hostname === "" ? { ...config, hostname: undefined } : config;
}

function cloneMembers(engine: Engine, original: PodRecord, clone: PodRecord): void {
  const ids = new Map<string, string>();
  const { infraId } = clone.config;
  if (original.config.infraId !== undefined && infraId !== undefined) ids.set(original.config.infraId, infraId);
  const hostname = infraId === undefined ? undefined : engine.containers.get(infraId).config.hostname;
  for (const member of engine.containers.listOfPod(original.id)) {
    if (member.id === original.config.infraId) continue;
    const copy = cloneContainer(engine, member, undefined, (config) => ({
      ...relocate(config, ids),
      ...(config.utsMode.mode === "container" && config.utsMode.id === original.config.infraId ? { hostname } : {}),
      pod: { role: "member", ...config.pod, id: clone.id },
    }));
    ids.set(member.id, copy.id);
  }
}

/** The configuration with clones in the places of the containers that they are clones of. */
function relocate(config: ContainerConfig, ids: ReadonlyMap<string, string>): ContainerConfig {
  const map = (id: string) => ids.get(id) ?? id;
  const mode = (joined: NamespaceMode): NamespaceMode =>
    joined.mode === "container" ? { mode: "container", id: map(joined.id) } : joined;
  const { network, userns, requires } = config;
  return {
    ...config,
    pidMode: mode(config.pidMode),
    ipcMode: mode(config.ipcMode),
    utsMode: mode(config.utsMode),
    cgroupMode: mode(config.cgroupMode),
    network: network.containerId === undefined ? network : { ...network, containerId: map(network.containerId) },
    userns:
      userns.mode === "joined" && userns.containerId !== undefined
        ? { ...userns, containerId: map(userns.containerId) }
        : userns,
    ...(requires ? { requires: requires.map(map) } : {}),
  };
}

function freeName(wanted: string, isTaken: (name: string) => boolean): string {
  for (let number = 0; ; number++) {
    const name = number === 0 ? wanted : `${wanted}${number}`;
    if (!isTaken(name)) return name;
  }
}
