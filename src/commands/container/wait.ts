import { defineCommand } from "../../cli/command.ts";
import { waitForContainer } from "../../container/wait.ts";
import { DhowError } from "../../errors.ts";
import { parseDurationMs } from "../../model/point-in-time.ts";
import { findTargets, forEachTarget, targetOptions } from "./targets.ts";

export const wait = defineCommand({
  usage: "[options] CONTAINER [CONTAINER...]",
  summary: "Block on one or more containers",
  description: "Block until one or more containers stop and then print their exit codes.",
  options: {
    ...targetOptions,
    condition: { type: "string", array: true, describe: "Condition to wait on", valueName: "strings" },
    ignore: { type: "boolean", describe: "Ignore if a container does not exist" },
    interval: {
      type: "string",
      short: "i",
      default: "250ms",
      describe: "Time Interval to wait before polling for completion",
    },
  },
  operands: { complete: "running-containers" },
  async run({ options, operands }, { engine, out }) {
    const intervalMs = parseInterval(options.interval);
    const conditions = options.condition.flatMap((text) => text.split(","));
    const found = await findTargets(engine, { ...options, operands });
    const missing = operands.length - found.targets.length - found.failures.length;
    for (let line = 0; line < missing; line++) out.line("-1");
    await forEachTarget(found, async ({ record }) => {
      out.line(String(await waitForContainer(engine, record.id, { conditions, intervalMs })));
    });
  },
});

function parseInterval(text: string): number {
  const ms = parseDurationMs(text) ?? parseDurationMs(`${text}ms`);
  if (ms === undefined) {
    throw new DhowError(`time: invalid duration ${JSON.stringify(text)}`, { kind: "invalid-argument" });
  }
  return Math.max(ms, 1);
}
