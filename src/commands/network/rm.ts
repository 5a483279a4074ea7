import { defineCommand } from "../../cli/command.ts";
import { DhowError, isKind } from "../../errors.ts";
import { removeNetwork } from "../../user-network/remove.ts";
import { userRemover, withRemovalExitCode } from "../remove-users.ts";

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
        await removeNetwork(engine, name, force ? { removeContainer: userRemover(engine, time) } : {});
        out.line(name);
      } catch (error) {
        if (!(force && isKind(error, "not-found"))) failures.push(withRemovalExitCode(error));
      }
    }
    if (failures.length > 0) throw new AggregateError(failures);
  },
});
