import type { Dockerfile, Instruction, SourceRange } from "../ast.ts";
import { checkFroms, checkStageNames } from "./check-from.ts";
import { checkStage } from "./check-stage.ts";
import { type CheckResult, type CheckWarning, experimentalRules, type RuleName, rules, urlOf } from "./rules.ts";
import { type CheckSettings, readCheckSettings, settingsFor } from "./settings.ts";

export interface CheckOptions {
  /** Of --build-arg. */
  readonly buildArguments: Readonly<Record<string, string>>;
  /** Whether the ignore file leaves a path out; undefined where that cannot be said (there are exceptions, or no file). */
  readonly isIgnored: ((path: string) => boolean) | undefined;
}

/** Tells of what a rule speaks. */
export type Reporter = <R extends RuleName>(
  rule: R,
  instruction: Instruction,
  ...words: Parameters<(typeof rules)[R]>
) => void;

/** Holds BuildKit's build checks against a Dockerfile; `# check=` in it says which of them. Nothing is pulled or run. */
export function checkDockerfile(dockerfile: Dockerfile, options: CheckOptions): CheckResult {
  const settings = readCheckSettings(dockerfile);
  const warnings: CheckWarning[] = [];
  const add = (rule: RuleName, range: SourceRange, message: string) =>
    warnings.push({ rule, url: urlOf(rule), message, range });
  const report: Reporter = (rule, instruction, ...words) => {
    if (!isWanted(rule, settingsFor(settings, instruction))) return;
    add(rule, instruction.range, (rules[rule] as (...words: readonly unknown[]) => string)(...words));
  };
  if (isWanted("NoEmptyContinuation", settings)) {
    for (const { range } of dockerfile.emptyContinuations)
      add("NoEmptyContinuation", range, rules.NoEmptyContinuation());
  }
  checkCasing(dockerfile, report);
  checkStageNames(dockerfile, report);
  const globals = checkFroms(dockerfile, options, report);
  for (const stage of dockerfile.stages) checkStage(stage, { dockerfile, options, globals, report });
  warnings.sort((one, other) => one.range.startLine - other.range.startLine);
  return { warnings, isError: settings.isError && warnings.length > 0 };
}

function isWanted(rule: RuleName, { skipped, experimental }: CheckSettings): boolean {
  const has = (names: ReadonlySet<string> | "all") => names === "all" || names.has(rule);
  return experimentalRules.includes(rule) ? has(experimental) : !has(skipped);
}

/** The majority says whether instructions are written in capitals; ties go to capitals. */
function checkCasing({ stages }: Dockerfile, report: Reporter): void {
  const instructions = stages.flatMap((stage): Instruction[] => [stage.from, ...stage.instructions]);
  const lower = instructions.filter(({ written }) => written === written.toLowerCase()).length;
  const upper = instructions.filter(({ written }) => written === written.toUpperCase()).length;
  const casing = lower > upper ? "lowercase" : "uppercase";
  for (const instruction of instructions) {
    const { written } = instruction;
    const right = casing === "lowercase" ? written.toLowerCase() : written.toUpperCase();
    if (written !== right) report("ConsistentInstructionCasing", instruction, written, casing);
  }
}
