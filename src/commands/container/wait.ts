import { defineCommand } from "../../cli/command.ts";
import { waitForContainer } from "../../container/wait.ts";
import { DhowError } from "../../errors.ts";
import { parseDurationMs } from "../../model/point-in-time.ts";
import { findTargets, forEachTarget, type Target, targetOptions } from "./targets.ts";

export const wait = defineCommand({
  usage: "[options] CONTAINER [CONTAINER...]",
  summary: "Block on one or more containers",
  description: "Block until one or more containers stop and then print their exit codes.",
  options: {
    ...targetOptions,
    condition: { type: "string", array: true, describe: "Condition to wait on", valueName: "strings" },
    "return-first": {
      type: "boolean",
      aliases: ["exit-first-match"],
      describe: "Wait only for the first container that meets a condition",
    },
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
    const conditions = options.condition.flatMap((text) => text.split(",")).map(parseCondition);
    const found = await findTargets(engine, { ...options, operands });
    const missing = operands.length - found.targets.length - found.failures.length;
    for (let line = 0; line < missing; line++) out.line("-1");
    const wait = ({ record }: Target) => waitForContainer(engine, record.id, { conditions, intervalMs });
    if (options["return-first"] && found.failures.length === 0) {
      out.line(String(await Promise.race(found.targets.map(wait))));
      return;
    }
    await forEachTarget(found, async (target) => out.line(String(await wait(target))));
  },
});

const conditionNames = [
  ...["configured", "created", "exited", "healthy", "initialized", "paused", "removing", "running", "stopped"],
  ...["stopping", "unhealthy", "removed"],
];

/** Docker's names stand for podman's. */
function parseCondition(text: string): string {
  if (text === "not-running" || text === "next-exit") return "stopped";
  if (text === "configured") return "created";
  if (conditionNames.includes(text)) return text;
  throw new DhowError(`unknown container state: ${text}: invalid argument`, { kind: "invalid-argument" });
}

function parseInterval(text: string): number {
  const ms = parseDurationMs(text) ?? parseDurationMs(`${text}ms`);
  if (ms === undefined) {
    throw new DhowError(`time: invalid duration ${JSON.stringify(text)}`, { kind: "invalid-argument" });
  }
  return Math.max(ms, 1);
}
