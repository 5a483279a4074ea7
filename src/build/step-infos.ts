import { formatPlatform } from "../oci/platform.ts";
import type { Instruction } from "./dockerfile/ast.ts";
import type { BuildPlan, PlannedStage } from "./plan.ts";
import type { StepInfo } from "./progress.ts";
import { type BuildSession, placeOf, platformName } from "./session.ts";

type Known = Pick<BuildSession, "dockerfile" | "request">;

/** The steps of a stage as people are told of them, FROM first. */
export function stepsOf(session: Known, plan: BuildPlan, stage: PlannedStage): StepInfo[] {
  const { from, name } = stage.stage;
  const instructions: readonly Instruction[] = [from, ...stage.instructions];
  const first = firstId(session, plan, stage.index);
  return instructions.map((instruction, index) => ({
    id: first + index,
    stage: name ?? String(stage.index),
    platform: platformName(session.request, plan.platform),
    number: index + 1,
    count: instructions.length,
    text: instruction.code.trim(),
    place: placeOf(session.dockerfile, instruction.range),
  }));
}

/** Ids are those of a file in which every stage is built, for one platform after the other. */
function firstId({ dockerfile, request }: Known, plan: BuildPlan, stage: number): number {
  const sizes = dockerfile.stages.map(({ instructions }) => instructions.length + 1);
  const sum = (numbers: readonly number[]) => numbers.reduce((total, count) => total + count, 0);
  const platforms = request.platforms.map(formatPlatform);
  const before = Math.max(0, platforms.indexOf(formatPlatform(plan.platform)));
  return 1 + before * sum(sizes) + sum(sizes.slice(0, stage));
}
