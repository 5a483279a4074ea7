import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import type { ContainerConfig } from "../model/container-config.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import { createContainer } from "./create.ts";
import { checkLimits } from "./limits.ts";

/**
 * Makes a container with the configuration of another one.
 *
 * @param name Undefined for `NAME-clone`, or with a number behind it if that is taken.
 * @param change Makes the clone's configuration of the original one's.
 * @throws {DhowError} `not-found`; `already-exists` for a name in use.
 */
export function cloneContainer(
  engine: Engine,
  original: ContainerRecord,
  name: string | undefined,
  change: (config: ContainerConfig) => ContainerConfig,
): ContainerRecord {
  if (original.config.pod?.role === "infra") {
    throw new DhowError(`container ${original.name} is the infra container of a pod: clone the pod`, {
      kind: "invalid-argument",
    });
  }
  // The file with the id is the original's.
  const { cidFile: _, ...copied } = original.config;
  const config = change(copied);
  checkLimits(engine, config);
  return createContainer(engine, config, name ?? freeName(engine, `${original.name}-clone`));
}

function freeName({ containers }: Pick<Engine, "containers">, wanted: string): string {
  for (let number = 0; ; number++) {
    const name = number === 0 ? wanted : `${wanted}${number}`;
    if (containers.find(name)?.name !== name) return name;
  }
}
