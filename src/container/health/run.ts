import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import type { Engine } from "../../engine.ts";
import { DhowError, isKind } from "../../errors.ts";
import type { HealthConfig, HealthState } from "../../model/health.ts";
import { probeContainer } from "../../runtime/probe.ts";
import type { ContainerRecord } from "../../storage/containers.ts";
import { randomHex } from "../../system/random.ts";
import { containerTools } from "../cgroups.ts";
import { cleanupContainer } from "../cleanup.ts";
import { isGone } from "../end.ts";
import { processSpec } from "../exec.ts";
import { killContainer } from "../kill.ts";
import { recordEvent } from "../record-event.ts";
import { serializeSpec } from "../spec/generate.ts";
import { isPaused, isRunning } from "../state.ts";
import { endProcess, stopContainer } from "../stop.ts";
import {
  currentProbe,
  hasTimer,
  healthJson,
  initialHealth,
  type Judgement,
  judge,
  nextCheckMs,
  type ProbeEnd,
} from "./state.ts";
import { findHealthTimer, startHealthTimer } from "./timer.ts";

const sigkill = 9;

/**
 * Runs the health check of a container once, records the result, and does what the container's configuration asks for when
 * it has become unhealthy.
 *
 * @returns What the check found, in podman's words.
 * @throws {DhowError} `not-found`; `conflict` if the container does not run; `invalid-argument` if it has no health check.
 */
export async function runHealthCheck(engine: Engine, nameOrId: string): Promise<Judgement["verdict"]> {
  const record = getContainer(engine, nameOrId);
  if (!isWorking(record)) throw new DhowError(`container ${record.id} is not running`, { kind: "conflict" });
  const { health } = record.config;
  if (!health) {
    throw new DhowError(`container ${record.id} has no defined healthcheck`, { kind: "invalid-argument" });
  }
  const probe = await runProbe(engine, record, health);
  // Somebody may have killed the timer.
  if (hasTimer(health) && findHealthTimer(engine, record.id) === undefined) startHealthTimer(engine, record.id);
  const judgement = await recordProbe(engine, record, probe);
  if (!judgement) return "stopped";
  await act(engine, record, judgement.action);
  return judgement.verdict;
}

/**
 * One beat of a container's health timer: waits until the container is started, runs the check, and tells when the next one
 * is due.
 * @returns Milliseconds; undefined when no more checks are to come.
 */
export async function beatHealthTimer(engine: Engine, id: string): Promise<number | undefined> {
  const record = await engine.containers.withLock(id, async () => engine.containers.find(id));
  if (!record || !isRunning(record.state) || isGone(record)) return undefined;
  if (isWorking(record)) {
    await runHealthCheck(engine, id).catch((error) => {
      // It has ended meanwhile.
      if (!(error instanceof DhowError)) throw error;
    });
  }
  const current = engine.containers.find(id);
  if (!current?.config.health || !isRunning(current.state)) return undefined;
  const { health } = current.config;
  const startedAt = current.startedAt ?? new Date();
  return nextCheckMs(health, current.health ?? initialHealth(health), { startedAt, now: new Date() });
}

function getContainer({ containers }: Pick<Engine, "containers">, nameOrId: string): ContainerRecord {
  try {
    return containers.get(nameOrId);
  } catch (cause) {
    if (!isKind(cause, "not-found")) throw cause;
    throw new DhowError(`unable to look up ${nameOrId} to perform a health check`, { kind: "not-found", cause });
  }
}

/** Whether its processes run, so that a check can tell something. */
function isWorking(record: ContainerRecord): boolean {
  return isRunning(record.state) && !isPaused(record.state) && !isGone(record);
}

async function runProbe(engine: Engine, record: ContainerRecord, health: HealthConfig): Promise<ProbeEnd> {
  const { id, config } = record;
  const runDirectory = engine.containers.runDirectory(id);
  const directory = `${runDirectory}/exec/${randomHex(32)}`;
  const { test, timeoutMs } = currentProbe(health, record.health ?? initialHealth(health));
  const start = new Date();
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const processFile = `${directory}/process.json`;
    const spec = processSpec(runDirectory, config, { ...plainExec, command: commandOf(test) });
    writeFileSync(processFile, serializeSpec(spec), { mode: 0o600 });
    const { exitCode, output } = await probeContainer({
      ...{ tools: containerTools(engine, record), containerId: id, runDirectory, processFile, timeoutMs },
      outputLimit: health.maxLogSize > 0 ? health.maxLogSize : Number.POSITIVE_INFINITY,
    });
    const outcome = exitCode === undefined ? "timeout" : exitCode === 0 ? "success" : "failure";
    return { start, end: new Date(), outcome, output };
  } catch (error) {
    // A container that is ending loses its files under our feet.
    return { start, end: new Date(), outcome: "failure", output: error instanceof Error ? error.message : "" };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const plainExec = {
  ...{ env: [], user: undefined, workdir: undefined, privileged: false, terminal: false, detach: false },
} as const;

function commandOf([kind = "", ...words]: readonly string[]): readonly string[] {
  return kind.toUpperCase() === "CMD-SHELL" ? ["/bin/sh", "-c", words.join(" ")] : words;
}

/** @returns Undefined if the container was started again meanwhile, or removed: the result says nothing about it then. */
async function recordProbe(engine: Engine, before: ContainerRecord, probe: ProbeEnd): Promise<Judgement | undefined> {
  const { id } = before;
  return engine.containers.withLock(id, async () => {
    const record = engine.containers.find(id);
    const startedAt = record?.startedAt;
    if (!record?.config.health || !startedAt || startedAt.getTime() !== before.startedAt?.getTime()) return undefined;
    const { health } = record.config;
    const judgement = judge(health, record.health ?? initialHealth(health), {
      ...{ probe, startedAt },
      runs: record.state === "running" && !isGone(record),
    });
    engine.containers.update(id, { health: judgement.state });
    copyLog(health, id, judgement.state);
    recordEvent(engine, record, "health_status", {
      health: judgement.state.status,
      ...(health.logDestination === "events_logger" && {
        attributes: { health_log: judgement.state.log.at(-1)?.output ?? "" },
      }),
    });
    return judgement;
  });
}

/** In podman's form, for --health-log-destination. A folder that is gone is no reason to stop checking. */
function copyLog({ logDestination }: HealthConfig, id: string, state: HealthState): void {
  if (!logDestination.startsWith("/")) return;
  const path = `${logDestination}/${id}-healthcheck.log`;
  try {
    writeFileSync(`${path}.tmp`, JSON.stringify(healthJson(state)), { mode: 0o600 });
    renameSync(`${path}.tmp`, path);
  } catch {
    rmSync(`${path}.tmp`, { force: true });
  }
}

async function act(engine: Engine, { id }: ContainerRecord, action: Judgement["action"]): Promise<void> {
  switch (action) {
    case "none":
      return;
    case "kill":
      await killContainer(engine, id, sigkill);
      return cleanupContainer(engine, id, { restart: false });
    case "stop":
      await stopContainer(engine, id);
      return;
    case "restart":
      return endAndRestart(engine, id);
  }
}

/** Ends the container without the user having asked for it: whoever records the end has it started again. */
async function endAndRestart(engine: Engine, id: string): Promise<void> {
  const record = engine.containers.find(id);
  if (!record || !isRunning(record.state)) return;
  await endProcess(engine, record);
  await cleanupContainer(engine, id, { restart: false });
}
