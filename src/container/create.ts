import type { Engine } from "../engine.ts";
import { DhowError, isKind } from "../errors.ts";
import type { ContainerConfig } from "../model/container-config.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import { newContainerId, randomName } from "./id.ts";
import { recordEvent } from "./record-event.ts";

const nameGrammar = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
const randomNameAttempts = 100;

/**
 * Records a new container. Nothing is mounted or started.
 *
 * @param name Undefined for one that is made up.
 * @throws {DhowError} `already-exists`; `invalid-argument` for a name that is none.
 */
export function createContainer(
  engine: Pick<Engine, "containers" | "events">,
  config: ContainerConfig,
  name: string | undefined,
): ContainerRecord {
  const record = addContainer(engine, config, name);
  recordEvent(engine, record, "create");
  return record;
}

function addContainer(
  { containers }: Pick<Engine, "containers">,
  config: ContainerConfig,
  name: string | undefined,
): ContainerRecord {
  const id = newContainerId();
  const createdAt = new Date();
  if (name !== undefined) return containers.add({ id, name: checkName(name), createdAt, config });
  for (let attempt = 0; ; attempt++) {
    try {
      return containers.add({ id, name: randomName(), createdAt, config });
    } catch (error) {
      if (!isKind(error, "already-exists") || attempt >= randomNameAttempts) throw error;
    }
  }
}

/** @throws {DhowError} `invalid-argument` with podman's words. */
export function checkName(name: string): string {
  if (nameGrammar.test(name)) return name;
  throw new DhowError("names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument", { kind: "invalid-argument" });
}
