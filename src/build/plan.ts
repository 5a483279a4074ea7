import { DhowError } from "../errors.ts";
import type { Platform } from "../oci/image.ts";
import { hostPlatform, parsePlatform } from "../oci/platform.ts";
import type { Dockerfile, Instruction, RunInstruction, Stage, StageInstruction, Variables } from "./dockerfile/ast.ts";
import { expandInstruction, resolveMounts } from "./dockerfile/expand.ts";
import { failAt } from "./dockerfile/failure.ts";
import type { BuildRequest } from "./request.ts";
import type { From } from "./steps/source-trees.ts";

/** A stage that is built, and what it starts from. */
export interface PlannedStage {
  readonly index: number;
  readonly stage: Stage;
  readonly base: StageBase;
  /** What the stage's programs run on. */
  readonly platform: Platform;
  readonly instructions: readonly StageInstruction[];
}

export type StageBase =
  | { readonly kind: "scratch" }
  | { readonly kind: "stage"; readonly index: number }
  | { readonly kind: "image"; readonly name: string };

/** What is built for one platform: the target and the stages that it needs, by number. */
export interface BuildPlan {
  readonly target: number;
  readonly platform: Platform;
  readonly stages: ReadonlyMap<number, PlannedStage>;
  /** Arguments above the first FROM, those of the platforms included. */
  readonly globals: ReadonlyMap<string, string>;
}

/**
 * Finds the stages that the target needs.
 * @param platform What the image is for.
 * @throws {DhowError} `invalid-argument` for a target or base that is none, and stages that need one another in a circle.
 */
export function planBuild(dockerfile: Dockerfile, request: BuildRequest, platform: Platform): BuildPlan {
  const globals = globalArguments(dockerfile, request, platform);
  const target = findTarget(dockerfile, request.target);
  const stages = new Map<number, PlannedStage>();
  const add = (index: number) => {
    if (stages.has(index)) return;
    const stage = planStage({ dockerfile, request, platform, globals }, index);
    stages.set(index, stage);
    for (const needed of neededStages(dockerfile, request, stage)) add(needed);
  };
  add(target);
  if (!request.steps.skipsUnusedStages) for (let index = 0; index < target; index++) add(index);
  return { target, platform, stages, globals };
}

interface PlanFacts {
  readonly dockerfile: Dockerfile;
  readonly request: BuildRequest;
  readonly platform: Platform;
  readonly globals: ReadonlyMap<string, string>;
}

function planStage({ dockerfile, request, platform, globals }: PlanFacts, index: number): PlannedStage {
  const stage = dockerfile.stages[index] as Stage;
  const { fileName, escape: escapeCharacter } = dockerfile;
  const place = { fileName, line: stage.from.range.startLine };
  const from = expandInstruction(stage.from, {
    ...{ fileName, escape: escapeCharacter },
    variables: (name) => globals.get(name),
  });
  if (from.base === "") {
    throw failAt(place, `base name (${stage.from.base}) should not be blank`, "an ARG above the first FROM sets it");
  }
  const own = from.platform === undefined || from.platform === "" ? platform : parsePlatform(from.platform);
  const isFirst = index === 0 && request.base.first !== undefined;
  const base = isFirst
    ? { kind: "image" as const, name: request.base.first as string }
    : baseOf({ dockerfile, request }, from.base, index);
  return { index, stage, base, platform: own, instructions: stage.instructions };
}

function baseOf(
  { dockerfile, request }: Pick<PlanFacts, "dockerfile" | "request">,
  base: string,
  before: number,
): StageBase {
  const context = request.namedContexts.get(base.toLowerCase());
  if (context?.kind === "image") return { kind: "image", name: context.name };
  if (context) {
    throw new DhowError(`build context ${base} is a directory: FROM needs an image`, { kind: "invalid-argument" });
  }
  const index = findStage(dockerfile, base, before);
  if (index !== undefined) return { kind: "stage", index };
  return base === "scratch" ? { kind: "scratch" } : { kind: "image", name: base };
}

/** A stage by its name, of which the last counts. @param before Only stages above that one. */
function findStage({ stages }: Dockerfile, name: string, before: number): number | undefined {
  const found = stages.slice(0, before).findLastIndex((stage) => stage.name === name.toLowerCase());
  return found < 0 ? undefined : found;
}

/**
 * What `--from` means in a stage.
 * @throws {DhowError} `invalid-argument` for the number of a stage that is not above.
 */
export function findFrom(
  { dockerfile, request }: Pick<PlanFacts, "dockerfile" | "request">,
  index: number,
  from: string | undefined,
): From {
  if (from === undefined) return { kind: "context" };
  const context = request.namedContexts.get(from.toLowerCase());
  if (context) {
    return context.kind === "image" ? { kind: "image", name: context.name } : { kind: "named", tree: context.tree };
  }
  const named = findStage(dockerfile, from, index);
  if (named !== undefined) return { kind: "stage", index: named };
  if (/^\d+$/.test(from)) {
    if (Number(from) < index) return { kind: "stage", index: Number(from) };
    throw new DhowError(`invalid from flag value ${from}: there is no stage ${from} above`, {
      kind: "invalid-argument",
    });
  }
  const later = dockerfile.stages.find((stage) => stage.name === from.toLowerCase());
  if (later) {
    const isSelf = later.index === index;
    throw new DhowError(
      isSelf
        ? `invalid from flag value ${from}: refers to current build stage`
        : `stage ${from} stands below: stages can only use those above them`,
      { kind: "invalid-argument" },
    );
  }
  return { kind: "image", name: from };
}

function neededStages(
  dockerfile: Dockerfile,
  request: BuildRequest,
  { base, index, instructions }: PlannedStage,
): number[] {
  const all = instructions.map((instruction) => (instruction.keyword === "ONBUILD" ? undefined : instruction));
  const names = all.flatMap((instruction) => (instruction ? fromsOf(dockerfile, instruction) : []));
  const found = names.map((name) => {
    try {
      return findFrom({ dockerfile, request }, index, name);
    } catch {
      // Told when it comes to that step, with the step.
      return undefined;
    }
  });
  const stages = found.flatMap((from) => (from?.kind === "stage" ? [from.index] : []));
  return [...(base.kind === "stage" ? [base.index] : []), ...stages];
}

/** The names that an instruction copies or mounts from, as they stand; those with variables are found when they are expanded. */
function fromsOf(dockerfile: Dockerfile, instruction: Instruction): string[] {
  if (instruction.keyword === "COPY") return instruction.from === undefined ? [] : [instruction.from];
  if (instruction.keyword !== "RUN") return [];
  return mountsOf(dockerfile, instruction).flatMap((mount) =>
    "from" in mount && mount.from !== undefined ? [mount.from] : [],
  );
}

function mountsOf({ fileName, escape: escapeCharacter }: Dockerfile, instruction: RunInstruction) {
  try {
    return resolveMounts(instruction, { fileName, escape: escapeCharacter, variables: () => "x" });
  } catch {
    return [];
  }
}

function findTarget(dockerfile: Dockerfile, target: string | undefined): number {
  const { stages, fileName, text } = dockerfile;
  if (stages.length === 0) throw failAt({ fileName, line: text.split("\n").length }, "no FROM statement found");
  if (target === undefined || target === "") return stages.length - 1;
  const named = stages.findLastIndex((stage) => stage.name === target.toLowerCase());
  if (named >= 0) return named;
  if (/^\d+$/.test(target) && Number(target) < stages.length) return Number(target);
  const names = stages.flatMap(({ name }) => (name === undefined ? [] : [name]));
  throw new DhowError(`the target "${target}" was not found in the provided Dockerfile`, {
    kind: "invalid-argument",
    ...(names.length === 0 ? {} : { hint: `its stages are ${names.join(", ")}` }),
  });
}

/** @see https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope */
export function platformArguments(platform: Platform, target: string): Map<string, string> {
  const host = hostPlatform();
  const of = (prefix: string, { os, architecture, variant }: Platform) => [
    [`${prefix}PLATFORM`, [os, architecture, variant].filter(Boolean).join("/")],
    [`${prefix}OS`, os],
    [`${prefix}ARCH`, architecture],
    [`${prefix}VARIANT`, variant ?? ""],
  ];
  return new Map([...of("BUILD", host), ...of("TARGET", platform), ["TARGETSTAGE", target]] as [string, string][]);
}

function globalArguments(
  { globalArguments: instructions, fileName, escape: escapeCharacter }: Dockerfile,
  request: BuildRequest,
  platform: Platform,
): ReadonlyMap<string, string> {
  const globals = platformArguments(platform, request.target ?? "default");
  const given = request.variables.args;
  const variables: Variables = (name) => globals.get(name);
  for (const instruction of instructions) {
    const expanded = expandInstruction(instruction, { fileName, escape: escapeCharacter, variables });
    for (const { name, value } of expanded.arguments) {
      const chosen = Object.hasOwn(given, name) ? given[name] : value;
      if (chosen !== undefined) globals.set(name, chosen);
    }
  }
  return globals;
}
