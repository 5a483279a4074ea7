import { writeFileSync } from "node:fs";
import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import type { ContainerConfig } from "../model/container-config.ts";
import { runtimeArguments } from "../runtime/conmon.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import { tryRun } from "../system/process.ts";
import { containerTools } from "./cgroups.ts";
import { initialHealth } from "./health/state.ts";
import { startHealthTimer, stopHealthTimer } from "./health/timer.ts";
import { requireLimits } from "./limits.ts";
import { recordEvent } from "./record-event.ts";
import { resourcesSpec } from "./spec/resources.ts";
import { getSettled } from "./start.ts";
import { isRunning } from "./state.ts";

/**
 * Changes how a container is set up. Limits and health checks of a running one change at once, the rest at its next start.
 *
 * @param change Makes the new configuration of the present one.
 * @throws {DhowError} `not-found`; `unsupported` for limits that cannot be kept here; `unavailable` if the runtime refuses.
 */
export async function updateContainer(
  engine: Engine,
  nameOrId: string,
  change: (config: ContainerConfig) => ContainerConfig,
): Promise<void> {
  const { id } = engine.containers.get(nameOrId);
  await engine.containers.withLock(id, async () => {
    const record = await getSettled(engine, id);
    const config = change(record.config);
    if (isOther(config.resources, record.config.resources)) requireLimits(engine, config);
    const runs = isRunning(record.state);
    if (runs && isOther(config.resources, record.config.resources)) applyLimits(engine, record, config);
    engine.containers.update(id, { config });
    if (runs && isOther(config.health, record.config.health)) restartHealth(engine, id, config);
    recordEvent(engine, record, "update");
  });
}

function isOther(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) !== JSON.stringify(b);
}

function applyLimits(engine: Engine, record: ContainerRecord, { resources }: ContainerConfig): void {
  const runDirectory = engine.containers.runDirectory(record.id);
  const file = `${runDirectory}/resources.json`;
  writeFileSync(file, JSON.stringify(resourcesSpec(resources) ?? {}), { mode: 0o600 });
  const tools = containerTools(engine, record);
  const { exitCode, stderr } = tryRun([
    tools.runtime,
    ...runtimeArguments({ tools, runDirectory }),
    ...["update", "--resources", file, record.id],
  ]);
  if (exitCode === 0) return;
  throw new DhowError(`cannot update container ${record.name}: ${stderr.trim() || `exit status ${exitCode}`}`, {
    kind: "unavailable",
  });
}

function restartHealth(engine: Engine, id: string, { health }: ContainerConfig): void {
  engine.containers.update(id, { health: health && initialHealth(health) });
  if (health) startHealthTimer(engine, id);
  else stopHealthTimer(engine, id);
}
