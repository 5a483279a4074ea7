import type { Engine } from "../engine.ts";
import { DhowError, isKind } from "../errors.ts";
import type { ContainerConfig, MountConfig } from "../model/container-config.ts";
import { checkName } from "../model/object-name.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import type { NewPod } from "../storage/pods.ts";
import { randomHex } from "../system/random.ts";
import { createVolume } from "../volume/create.ts";
import { newContainerId, randomName } from "./id.ts";
import { volumesOf } from "./prepared-mounts.ts";
import { recordEvent } from "./record-event.ts";
import { keepSecrets, readSecrets } from "./secrets.ts";

const randomNameAttempts = 100;

/**
 * Records a new container, with the volumes that it needs and that do not exist yet. Nothing is mounted or started.
 *
 * @param name Undefined for one that is made up.
 * @param newPod Its pod, recorded in the same step; its infra container is this one.
 * @throws {DhowError} `already-exists`; `invalid-argument` for a name that is none.
 */
export function createContainer(
  engine: Pick<Engine, "containers" | "events" | "secrets" | "volumes">,
  config: ContainerConfig,
  name: string | undefined,
  newPod?: NewPod,
): ContainerRecord {
  const { secrets, contents } = readSecrets(engine, config);
  const record = addContainer(engine, { ...config, secrets }, { name, newPod });
  keepSecrets(engine, record.id, contents);
  recordEvent(engine, record, "create");
  return record;
}

function addContainer(
  engine: Pick<Engine, "containers" | "events" | "volumes">,
  config: ContainerConfig,
  identity: Identity,
): ContainerRecord {
  const { name } = identity;
  if (name !== undefined) checkName(name);
  const mounts = config.mounts.map(nameVolume);
  const names = volumesOf({ mounts });
  if (names.length === 0) return record(engine.containers, config, identity);
  const made: string[] = [];
  try {
    // Nobody removes them before they are known to be used.
    using _ = engine.volumes.lease(names);
    for (const mount of mounts) if (mount.type === "volume") made.push(...makeVolume(engine, mount));
    return record(engine.containers, { ...config, mounts }, identity);
  } catch (error) {
    for (const volume of made) removeQuietly(engine.volumes, volume);
    throw error;
  }
}

interface Identity {
  readonly name: string | undefined;
  readonly newPod: NewPod | undefined;
}

function record(
  containers: Engine["containers"],
  config: ContainerConfig,
  { name, newPod }: Identity,
): ContainerRecord {
  const id = newPod?.config.infraId ?? newContainerId();
  const createdAt = new Date();
  if (name !== undefined) return containers.add({ id, name, createdAt, config }, newPod);
  for (let attempt = 0; ; attempt++) {
    try {
      return containers.add({ id, name: randomName(), createdAt, config }, newPod);
    } catch (error) {
      if (!isKind(error, "already-exists") || attempt >= randomNameAttempts) throw error;
    }
  }
}

/** A volume of the container's own gets a name that nobody else has. */
function nameVolume(mount: MountConfig): MountConfig {
  return mount.type === "volume" && mount.source === undefined ? { ...mount, source: randomHex(32) } : mount;
}

/** @returns The name of the volume if there was none of that name. */
function makeVolume(
  engine: Pick<Engine, "volumes" | "events">,
  { source: name = "", anonymous, creation }: MountConfig,
): string[] {
  if (engine.volumes.find(name)?.name === name) return [];
  if (creation?.allowed === false) engine.volumes.get(name);
  const { driver = "local", options = {}, labels = {} } = creation ?? {};
  try {
    createVolume(engine, { name, anonymous: anonymous === true, driver, options, labels, ignore: false });
    return [name];
  } catch (error) {
    // Somebody else was faster: it is theirs.
    if (isKind(error, "already-exists")) return [];
    throw error;
  }
}

/** Those that others have come to use stay. */
function removeQuietly(volumes: Engine["volumes"], name: string): void {
  try {
    volumes.remove(name);
  } catch (error) {
    if (!(error instanceof DhowError)) throw error;
  }
}
