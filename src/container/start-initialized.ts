import type { Engine } from "../engine.ts";
import { announceAttendance } from "../runtime/attendant.ts";
import { runtimeArguments } from "../runtime/conmon.ts";
import { runtimeError } from "../runtime/runtime-error.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import { tryRun } from "../system/process.ts";
import type { Starting } from "./begin-start.ts";
import { containerTools } from "./cgroups.ts";
import { recordEnd } from "./end.ts";
import { hasTimer, initialHealth } from "./health/state.ts";
import { startHealthTimer } from "./health/timer.ts";
import { recordEvent } from "./record-event.ts";

/** The rest of a start, for a container that `init` has made ready. The caller holds its lock. */
export function startInitialized(engine: Engine, record: ContainerRecord): Starting {
  const { id, init, monitor, config } = record;
  const runDirectory = engine.containers.runDirectory(id);
  if (!init) throw new TypeError("the container is not initialized");
  announceAttendance(runDirectory);
  return {
    async create(meanwhile) {
      meanwhile?.();
      return { init, monitor };
    },
    async go() {
      const running = engine.containers.update(id, {
        ...{ state: "running", startedAt: new Date(), finishedAt: undefined, exitCode: undefined },
        ...{ error: "", stoppedByUser: false, health: config.health && initialHealth(config.health) },
      });
      const tools = containerTools(engine, record);
      const start = [tools.runtime, ...runtimeArguments({ tools, runDirectory }), "start", id] as const;
      const { exitCode, stderr } = tryRun([...start]);
      if (exitCode !== 0) throw runtimeError(tools.runtimeName, stderr);
      recordEvent(engine, record, "start");
      if (config.health && hasTimer(config.health)) startHealthTimer(engine, id);
      return running;
    },
    async leave() {
      // It is ready already.
    },
    async undo(reason) {
      await recordEnd(engine, record);
      engine.containers.update(id, { error: reason instanceof Error ? reason.message : String(reason) });
    },
  };
}
