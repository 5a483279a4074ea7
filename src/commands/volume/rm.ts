import { defineCommand } from "../../cli/command.ts";
import { DhowError, isKind } from "../../errors.ts";
import { removeVolume } from "../../volume/remove.ts";
import { userRemover, withRemovalExitCode } from "../remove-users.ts";

export const rm = defineCommand({
  usage: "[options] VOLUME [VOLUME...]",
  summary: "Remove one or more volumes",
  description:
    "Removes volumes with all that is in them. One that a container uses is removed with --force alone, and the containers with it.",
  examples: ["dhow volume rm myvol1 myvol2", "dhow volume rm --all", "dhow volume rm --force myvol"],
  options: {
    all: { type: "boolean", short: "a", describe: "Remove all volumes" },
    force: {
      type: "boolean",
      short: "f",
      describe: "Remove a volume by force, even if it is being used by a container",
    },
    time: {
      type: "number",
      short: "t",
      aliases: ["timeout"],
      describe: "Seconds to wait for running containers to stop before killing the container",
      valueName: "int",
    },
  },
  operands: { complete: "volumes" },
  async run({ options, operands, changed }, { engine, out }) {
    if (operands.length > 0 === options.all) throw invalid("choose either one or more volumes or all");
    if (changed("time") && !options.force) throw invalid("--force option must be specified to use the --time option");
    const names = options.all ? engine.volumes.list().map(({ name }) => name) : operands;
    const failures: unknown[] = [];
    for (const name of names) {
      try {
        out.line(
          await removeVolume(engine, name, options.force ? { removeContainer: userRemover(engine, options.time) } : {}),
        );
      } catch (error) {
        if (!(options.force && isKind(error, "not-found"))) failures.push(withRemovalExitCode(error));
      }
    }
    if (failures.length > 0) throw new AggregateError(failures);
  },
});

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
