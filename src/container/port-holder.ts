import type { Engine } from "../engine.ts";
import { DhowError, isKind } from "../errors.ts";
import type { PortMapping } from "../model/container-config.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import { isLive } from "./state.ts";

type PortEngine = Pick<Engine, "containers">;
type PortRecord = Pick<ContainerRecord, "id" | "config">;

/** Does work that may find a published port taken. */
export function explained<T>(engine: PortEngine, record: PortRecord, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw nameHolder(engine, record, error);
  }
}

/** If ports that a container publishes are taken by another one, the failure says by which. */
export function nameHolder<E>(engine: PortEngine, { id, config }: PortRecord, error: E): E | DhowError {
  if (!isKind(error, "conflict")) return error;
  const { ports } = config.network;
  const holder = engine.containers
    .list()
    .find((other) => other.id !== id && isLive(other.state) && other.config.network.ports.some(isTakenFrom(ports)));
  if (!holder) return error;
  return new DhowError(error.message, {
    kind: "conflict",
    cause: error.cause,
    hint: `container ${holder.name} (${holder.id.slice(0, 12)}) publishes it: stop that, or publish another port of the host`,
  });
}

function isTakenFrom(wanted: readonly PortMapping[]): (port: PortMapping) => boolean {
  return ({ hostIp, hostPort, protocol }) =>
    wanted.some(
      (other) =>
        other.hostPort === hostPort &&
        other.protocol === protocol &&
        (other.hostIp === hostIp || isEverywhere(other.hostIp) || isEverywhere(hostIp)),
    );
}

function isEverywhere(address: string): boolean {
  return address === "" || address === "0.0.0.0" || address === "::";
}
