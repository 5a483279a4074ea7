import { defineCommand } from "../../cli/command.ts";
import { initializeContainer } from "../../container/initialize.ts";
import { canStart } from "../../container/state.ts";
import { findTargets, forEachTarget, targetOptions } from "./targets.ts";

export const init = defineCommand({
  usage: "[options] CONTAINER [CONTAINER...]",
  summary: "Initialize one or more containers",
  description:
    "Initialize one or more containers, creating the OCI spec and mounts for inspection. Container names or IDs can be used.",
  examples: ["dhow init --latest", "dhow init 3c45ef19d893", "dhow init test1"],
  options: { ...targetOptions, all: { type: "boolean", short: "a", describe: "Initialize all containers" } },
  operands: { complete: "containers" },
  async run({ options, operands }, { engine, out }) {
    const found = await findTargets(engine, { ...options, operands });
    await forEachTarget(found, async ({ record, shown }) => {
      if (options.all && !canStart(record.state)) return;
      await initializeContainer(engine, record.id);
      out.line(shown);
    });
  },
});
