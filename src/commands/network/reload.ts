import { defineCommand } from "../../cli/command.ts";
import { reloadContainerNetwork } from "../../container/networks/reload.ts";
import type { Engine } from "../../engine.ts";
import { DhowError, isKind } from "../../errors.ts";

export const reload = defineCommand({
  usage: "[options] [CONTAINER...]",
  summary: "Set up the networks of running containers anew",
  description:
    "Makes interfaces, firewall rules, names and published ports of running containers anew, with the addresses that they have.",
  examples: ["dhow network reload 3c13ef6dd843", "dhow network reload --all"],
  options: {
    all: { type: "boolean", short: "a", describe: "Reload network configuration of all containers" },
    latest: { type: "boolean", short: "l", describe: "Act on the latest container dhow is aware of" },
  },
  operands: { complete: "running-containers" },
  async run({ options: { all, latest }, operands }, { engine, out }) {
    const failures: unknown[] = [];
    for (const name of chooseTargets(engine, { all, latest, operands })) {
      try {
        out.line(await reloadContainerNetwork(engine, name));
      } catch (error) {
        if (!(all && isKind(error, "conflict"))) failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures);
  },
});

interface Choice {
  readonly all: boolean;
  readonly latest: boolean;
  readonly operands: readonly string[];
}

function chooseTargets({ containers }: Pick<Engine, "containers">, { all, latest, operands }: Choice) {
  const choices = [all, latest, operands.length > 0].filter(Boolean).length;
  if (choices > 1) throw invalid("--all, --latest and containers cannot be used together");
  if (choices === 0) throw invalid("you must provide at least one name or id");
  if (operands.length > 0) return operands;
  const ids = containers.list().map(({ id }) => id);
  return all ? ids : ids.slice(-1);
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
