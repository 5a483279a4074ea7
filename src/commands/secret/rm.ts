import { defineCommand } from "../../cli/command.ts";
import { DhowError, isKind } from "../../errors.ts";
import { removeSecret } from "../../secret/secrets.ts";

export const rm = defineCommand({
  usage: "[options] SECRET [SECRET...]",
  summary: "Remove one or more secrets",
  description: "Removes secrets. Containers that were made with them keep what they have.",
  examples: ["dhow secret rm mysecret1 mysecret2", "dhow secret rm --all"],
  options: {
    all: { type: "boolean", short: "a", describe: "Remove all secrets" },
    ignore: { type: "boolean", short: "i", describe: "Ignore errors when a specified secret is missing" },
  },
  operands: { complete: "secrets" },
  run({ options: { all, ignore }, operands }, { engine, out }) {
    if (all && operands.length > 0) throw invalid("`dhow secret rm --all` takes no arguments");
    if (!all && operands.length === 0) throw invalid("`dhow secret rm` requires at least one argument");
    const failures: unknown[] = [];
    for (const name of all ? engine.secrets.list().map(({ id }) => id) : operands) {
      try {
        out.line(removeSecret(engine, name));
      } catch (error) {
        if (!(ignore && isKind(error, "not-found"))) failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures);
  },
});

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
