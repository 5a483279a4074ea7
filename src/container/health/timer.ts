import { readFileSync } from "node:fs";
import type { Engine } from "../../engine.ts";
import { runFiles } from "../../runtime/files.ts";
import { identifyProcess } from "../../system/clock.ts";
import { installationFile } from "../../system/installation.ts";
import { startProgram } from "../../system/process.ts";
import { sendSignal } from "../../system/signals.ts";
import { globalArguments } from "../global-arguments.ts";

type TimerEngine = Pick<Engine, "containers" | "paths" | "globals">;

/** Runs the health check of a container in its intervals, as long as the container lives. */
export function healthTimerCommand(engine: TimerEngine, id: string): [string, ...string[]] {
  return [
    installationFile("libexec/health-timer"),
    engine.containers.runDirectory(id),
    installationFile("bin/dhow"),
    ...globalArguments(engine),
    ...["healthcheck", "run", "--timer", id],
  ];
}

/** The timer of a running container, if one runs. */
export function findHealthTimer({ containers }: Pick<Engine, "containers">, id: string): number | undefined {
  try {
    const pid = Number(readFileSync(runFiles(containers.runDirectory(id)).healthPidFile, "latin1"));
    const command = readFileSync(`/proc/${pid}/cmdline`, "latin1");
    return command.includes("health-timer") && command.includes(id) && identifyProcess(pid) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Ends the timer of a running container, and starts another one that checks at once. */
export function startHealthTimer(engine: TimerEngine, id: string): void {
  stopHealthTimer(engine, id);
  const timer = startProgram(healthTimerCommand(engine, id), { stdio: "ignore", detached: true, cwd: "/" });
  timer.on("error", () => undefined);
  timer.unref();
}

/** Ends the timer of a running container, if one runs. */
export function stopHealthTimer(engine: Pick<Engine, "containers">, id: string): void {
  const pid = findHealthTimer(engine, id);
  if (pid !== undefined) sendSignal(pid, "SIGTERM");
}
