import { defineCommand } from "../../cli/command.ts";
import { removeContainer } from "../../container/remove.ts";
import type { Engine } from "../../engine.ts";
import { DhowError, isKind } from "../../errors.ts";
import { removeNetwork } from "../../user-network/remove.ts";

const unknownNetworkExitCode = 1;
const usedNetworkExitCode = 2;

export const rm = defineCommand({
  usage: "[options] NETWORK [NETWORK...]",
  summary: "Remove networks",
  description:
    "Removes networks. One that containers are connected to is removed with --force alone, and the containers with it.",
  examples: ["dhow network rm net1", "dhow network rm --force --time 0 net1 net2"],
  options: {
    force: { type: "boolean", short: "f", describe: "Remove any containers using network" },
    time: {
      type: "number",
      short: "t",
      aliases: ["timeout"],
      describe: "Seconds to wait for running containers to stop before killing the container",
      valueName: "int",
    },
  },
  operands: { min: 1, complete: "networks" },
  async run({ options: { force, time }, operands, changed }, { engine, out }) {
    if (changed("time") && !force) {
      throw new DhowError("--force option must be specified to use the --time option", { kind: "invalid-argument" });
    }
    const failures: unknown[] = [];
    for (const name of operands) {
      try {
        await removeNetwork(engine, name, force ? { removeContainer: remover(engine, time) } : {});
        out.line(name);
      } catch (error) {
        if (!(force && isKind(error, "not-found"))) failures.push(withExitCode(error));
      }
    }
    if (failures.length > 0) throw new AggregateError(failures);
  },
});

/** A negative time is none, as podman takes it: as long as it takes. */
function remover(engine: Engine, time: number | undefined): (id: string) => Promise<unknown> {
  const timeoutSeconds = time !== undefined && time < 0 ? undefined : time;
  return async (id) => {
    try {
      await removeContainer(engine, id, { force: true, depend: true, timeoutSeconds });
    } catch (error) {
      if (!isKind(error, "not-found")) throw error;
    }
  };
}

function withExitCode(error: unknown): unknown {
  if (!(error instanceof DhowError) || error.exitCode !== undefined) return error;
  const exitCode =
    error.kind === "not-found" ? unknownNetworkExitCode : error.kind === "conflict" ? usedNetworkExitCode : undefined;
  if (exitCode === undefined) return error;
  return new DhowError(error.message, { kind: error.kind, exitCode, cause: error.cause });
}
