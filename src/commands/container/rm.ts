import { defineCommand } from "../../cli/command.ts";
import { removeContainer } from "../../container/remove.ts";
import { DhowError, isKind } from "../../errors.ts";
import { cidFileOption, findTargets, forEachTarget, stopTimeOption, targetOptions } from "./targets.ts";

const missingContainer = 1;

export const rm = defineCommand({
  usage: "[options] CONTAINER [CONTAINER...]",
  summary: "Remove one or more containers",
  description:
    "Removes one or more containers from the host. The container name or ID can be used. Command does not remove images. Running or unusable containers will not be removed without the -f option.",
  examples: ["dhow rm ctrID", "dhow rm --force --all"],
  options: {
    ...targetOptions,
    ...cidFileOption,
    all: { type: "boolean", short: "a", describe: "Remove all containers" },
    depend: {
      type: "boolean",
      describe: "Remove container and all containers that depend on the selected container",
    },
    filter: { type: "string", array: true, describe: "Filter output based on conditions given" },
    force: { type: "boolean", short: "f", describe: "Force removal of a running or unusable container" },
    ignore: { type: "boolean", short: "i", describe: "Ignore errors when a specified container is missing" },
    ...stopTimeOption,
    volumes: { type: "boolean", short: "v", describe: "Remove anonymous volumes associated with the container" },
  },
  operands: { complete: "containers" },
  async run({ options, operands, changed }, { engine, out }) {
    if (changed("time") && !options.force) {
      throw new DhowError("--force option must be specified to use the --time option", { kind: "invalid-argument" });
    }
    const found = await findTargets(engine, { ...options, operands, ignore: options.ignore || options.force });
    const failures = found.failures.map(asMissing);
    const removed = new Set<string>();
    await forEachTarget({ ...found, failures }, async ({ record, shown }) => {
      if (removed.has(record.id)) return;
      const ids = await removeContainer(engine, record.id, {
        force: options.force,
        timeoutSeconds: options.time,
        depend: options.depend || options.all,
        volumes: options.volumes,
      });
      for (const id of ids) {
        removed.add(id);
        out.line(id === record.id ? shown : id);
      }
    });
  },
});

/** `rm` has an exit code of its own for a container that does not exist. */
function asMissing(error: unknown): unknown {
  if (!isKind(error, "not-found")) return error;
  return new DhowError(error.message.replace("with name or ID", "with ID or name"), {
    kind: error.kind,
    exitCode: missingContainer,
    cause: error.cause,
  });
}
