import { defineCommand } from "../../cli/command.ts";
import { cleanupContainer } from "../../container/cleanup.ts";
import { removeContainer } from "../../container/remove.ts";
import { findTargets, forEachTarget, targetOptions } from "./targets.ts";

export const cleanup = defineCommand({
  usage: "[options] CONTAINER [CONTAINER...]",
  summary: "Clean up network and mountpoints of one or more containers",
  description: "Run by a container's monitor when the container has ended. Nothing happens to containers that run.",
  options: {
    ...targetOptions,
    all: { type: "boolean", short: "a", describe: "Cleans up all containers" },
    restart: { type: "boolean", hidden: true, describe: "Start it again, as its restart policy says" },
    rm: { type: "boolean", describe: "After cleanup, remove the container entirely" },
  },
  operands: { complete: "containers" },
  async run({ options, operands }, { engine, out }) {
    // A container that was removed in the meantime is as clean as can be; finding it may have cleaned it up already.
    const single = operands.length === 1 && !options.rm;
    if (single) return cleanupContainer(engine, operands[0] ?? "", { restart: options.restart });
    await forEachTarget(
      await findTargets(engine, { ...options, operands, ignore: true }),
      async ({ record, shown }) => {
        await cleanupContainer(engine, record.id, { restart: false });
        if (options.rm && engine.containers.find(record.id)) await removeContainer(engine, record.id, { force: false });
        out.line(shown);
      },
    );
  },
});
