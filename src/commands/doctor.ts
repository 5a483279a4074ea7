import { openColours } from "../cli/colour.ts";
import { defineCommand } from "../cli/command.ts";
import { DhowError } from "../errors.ts";
import type { Status } from "../rootless/doctor/check.ts";
import { canRunContainers, type Diagnosis, examineMachine } from "../rootless/doctor/examine.ts";
import { thisMachine } from "../rootless/doctor/this-machine.ts";

export const doctor = defineCommand({
  usage: "[options]",
  summary: "Show what this machine lacks for containers, and how to fix it",
  description:
    "Looks at each thing that containers need: it is OK, missing (no container can run) or degraded (something works less " +
    "well or not at all). The exit code is 0 if containers can run, else 1.",
  examples: ["dhow doctor", "dhow doctor --format json"],
  options: {
    format: { type: "string", short: "f", describe: "Print as json", valueName: "string" },
  },
  needsNamespace: false,
  async run({ options: { format } }, { globals, out }) {
    if (format !== undefined && format !== "json") {
      throw new DhowError(`cannot print in the format "${format}"`, {
        kind: "invalid-argument",
        hint: "the only format is json",
      });
    }
    const diagnoses = await examineMachine(thisMachine(globals.cgroupManager));
    const ok = canRunContainers(diagnoses);
    if (format === "json") out.line(JSON.stringify({ canRunContainers: ok, checks: diagnoses }, undefined, 2));
    else out.styled(describe(diagnoses, openColours(out.isTerminal)));
    return ok ? 0 : 1;
  },
});

type Colours = ReturnType<typeof openColours>;

function describe(diagnoses: readonly Diagnosis[], colours: Colours): string {
  const lines = diagnoses.flatMap((diagnosis) => describeOne(diagnosis, colours));
  return `${[...lines, "", conclusion(diagnoses, colours)].join("\n")}\n`;
}

const indent = " ".repeat(10);

function describeOne({ status, title, detail, why, fix }: Diagnosis, colours: Colours): string[] {
  const lines = [`${paint(status, colours)}${colours.bold(title)}: ${detail}`, `${indent}${colours.dim(why)}`];
  return fix === undefined ? lines : [...lines, `${indent}fix: ${colours.cyan(fix)}`];
}

function paint(status: Status, colours: Colours): string {
  const text = status.padEnd(indent.length);
  switch (status) {
    case "OK":
      return colours.green(text);
    case "degraded":
      return colours.yellow(text);
    case "missing":
      return colours.red(text);
  }
}

function conclusion(diagnoses: readonly Diagnosis[], colours: Colours): string {
  const count = (status: Status) => diagnoses.filter((diagnosis) => diagnosis.status === status).length;
  const [missing, degraded] = [count("missing"), count("degraded")];
  if (missing > 0) return colours.red(`Containers cannot run yet: ${missing} missing, ${degraded} degraded.`);
  if (degraded > 0) return colours.yellow(`Containers can run; ${degraded} degraded.`);
  return colours.green("Containers can run, with everything.");
}
