import { removeContainer } from "../container/remove.ts";
import type { Engine } from "../engine.ts";
import { DhowError, isKind } from "../errors.ts";

/**
 * Removes containers that use what is to be removed, whatever they do; one that is gone already is as good.
 * @param seconds How long running ones may take to stop. A negative time is none, as podman takes it: as long as it takes.
 */
export function userRemover(engine: Engine, seconds: number | undefined): (id: string) => Promise<unknown> {
  const timeoutSeconds = seconds !== undefined && seconds < 0 ? undefined : seconds;
  return async (id) => {
    try {
      await removeContainer(engine, id, { force: true, depend: true, timeoutSeconds });
    } catch (error) {
      if (!isKind(error, "not-found")) throw error;
    }
  };
}

/** The same failure with podman's exit codes for volumes and networks: 1 for an unknown one, 2 for one in use. */
export function withRemovalExitCode(error: unknown): unknown {
  if (!(error instanceof DhowError) || error.exitCode !== undefined) return error;
  const exitCode = error.kind === "not-found" ? unknownExitCode : error.kind === "conflict" ? usedExitCode : undefined;
  if (exitCode === undefined) return error;
  return new DhowError(error.message, { kind: error.kind, exitCode, cause: error.cause });
}

const unknownExitCode = 1;
const usedExitCode = 2;
