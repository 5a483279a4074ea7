import { defineCommand } from "../../cli/command.ts";
import { healthOptions } from "../../cli/options/container/health.ts";
import { resourceOptions } from "../../cli/options/container/resources.ts";
import { callerFacts } from "../../container/caller-facts.ts";
import { changeHealth } from "../../container/config/health.ts";
import { parseRestart } from "../../container/config/metadata.ts";
import { changeResources } from "../../container/config/resources.ts";
import { parseUlimits } from "../../container/config/security.ts";
import { splitList } from "../../container/config/values.ts";
import { updateContainer } from "../../container/update.ts";
import { DhowError } from "../../errors.ts";
import { findTargets, forEachTarget, targetOptions } from "./targets.ts";

export const update = defineCommand({
  usage: "[options] CONTAINER [CONTAINER...]",
  summary: "Update an existing container",
  description:
    "Changes limits, restart policy, health check and environment of containers. Limits and health checks of a running container change at once, the rest at its next start.",
  examples: ["dhow update --cpus 0.5 --memory 512m ctrID", "dhow update --restart always --env DEBUG=1 ctrID"],
  options: {
    ...targetOptions,
    ...resourceOptions,
    ...healthOptions,
    env: {
      type: "string",
      array: true,
      short: "e",
      describe: "Set environment variables in container",
      valueName: "env",
    },
    unsetenv: { type: "string", array: true, describe: "Unset environment default variables in container" },
    restart: { type: "string", describe: "Restart policy to apply when a container exits" },
    ulimit: { type: "string", array: true, describe: "Ulimit options", valueName: "ulimit" },
  },
  operands: { complete: "containers" },
  async run({ options, operands, changed }, { engine, out }) {
    if (operands.length > 1 && options.latest) throw invalid("--latest and containers cannot be used together");
    const wasGiven = (name: string) => (changed as (name: string) => boolean)(name);
    const health = { flags: options, changed: wasGiven, caller: callerFacts(engine) };
    const found = await findTargets(engine, { ...options, operands });
    await forEachTarget(found, async ({ record, shown }) => {
      await updateContainer(engine, record.id, (config) => ({
        ...config,
        resources: changeResources({ flags: options, changed: wasGiven }, config.resources),
        health: changeHealth(health, config.health),
        env: changeEnvironment(config.env, options.env, options.unsetenv),
        ...(options.restart === undefined ? {} : { restart: parseRestart(options.restart) }),
        ...(wasGiven("ulimit") ? { ulimits: parseUlimits(splitList(options.ulimit)) } : {}),
      }));
      out.line(shown);
    });
  },
});

function changeEnvironment(before: readonly string[], set: readonly string[], unset: readonly string[]): string[] {
  const nameOf = (entry: string) => entry.split("=", 1)[0] ?? "";
  const wrong = set.find((entry) => !entry.includes("=") || nameOf(entry) === "");
  if (wrong !== undefined)
    throw invalid(`invalid environment variable ${JSON.stringify(wrong)}: write it as NAME=value`);
  const variables = new Map(before.map((entry) => [nameOf(entry), entry]));
  for (const name of unset) variables.delete(name);
  for (const entry of set) variables.set(nameOf(entry), entry);
  return [...variables.values()];
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
