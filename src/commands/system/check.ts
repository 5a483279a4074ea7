import { defineCommand } from "../../cli/command.ts";
import { checkSystem } from "../../container/check/check-system.ts";
import { DhowError } from "../../errors.ts";
import { parseDurationMs } from "../../model/point-in-time.ts";

export const check = defineCommand({
  usage: "[options]",
  summary: "Check images and containers for damage, and repair it",
  description:
    "Finds what killed processes or a broken disk have left behind: records without processes, processes, mounts and folders " +
    "without records, content that has changed, images that lack parts.",
  examples: ["dhow system check --quick", "dhow system check --repair"],
  options: {
    force: { type: "boolean", short: "f", describe: "Remove inconsistent images and containers" },
    max: {
      type: "string",
      short: "m",
      default: "24h0m0s",
      describe: "Maximum allowed age of unreferenced layers",
    },
    quick: { type: "boolean", short: "q", describe: "Skip time-consuming checks. The default is to include them" },
    repair: { type: "boolean", short: "r", describe: "Remove inconsistent images, and settle everything else" },
  },
  operands: { max: 0 },
  async run({ options }, { engine, out }) {
    const maxAgeMs = parseDurationMs(options.max);
    if (maxAgeMs === undefined) {
      throw new DhowError(
        `invalid argument ${JSON.stringify(options.max)} for "-m, --max" flag: time: invalid duration ${JSON.stringify(options.max)}`,
        { kind: "invalid-argument" },
      );
    }
    const faults = await checkSystem(engine, { ...options, maxAgeMs });
    for (const { object, text, repaired } of faults) {
      out.line(`${object}: ${text}${repaired === undefined ? "" : ` (${repaired})`}`);
    }
    if (faults.every(({ repaired }) => repaired !== undefined)) return;
    const repairs = options.repair || options.force;
    throw new DhowError(
      repairs ? "damage in local storage still present after repair attempt" : "damage detected in local storage",
      { kind: "corrupt", hint: hintFor(options) },
    );
  },
});

function hintFor({ repair, force }: { readonly repair: boolean; readonly force: boolean }): string {
  if (force) return "what is left needs your eyes; 'dhow pull' brings images back";
  return repair
    ? "'dhow system check --force' removes damaged containers and the images they use"
    : "'dhow system check --repair' heals it";
}
