import { defineCommand } from "../../cli/command.ts";
import { DhowError } from "../../errors.ts";
import { logOptions, showLogs } from "./show-logs.ts";
import { findTargets, targetOptions } from "./targets.ts";

export const logs = defineCommand({
  usage: "[options] CONTAINER [CONTAINER...]",
  summary: "Fetch the logs of one or more containers",
  description: "Retrieves logs for one or more containers.",
  examples: ["dhow logs ctrID", "dhow logs --tail 2 mywebserver", "dhow logs --follow=true --since 10m ctrID"],
  options: { ...targetOptions, ...logOptions },
  operands: { complete: "containers" },
  async run({ options, operands }, { engine }) {
    if (operands.length === 0 && !options.latest) {
      throw new DhowError("specify at least one container name or ID to log", { kind: "invalid-argument" });
    }
    const { targets, failures } = await findTargets(engine, { ...options, operands });
    if (failures.length > 0) throw failures[0];
    await showLogs(
      engine,
      targets.map(({ record }) => record),
      options,
    );
  },
});
