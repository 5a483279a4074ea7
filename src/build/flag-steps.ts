import type { Dockerfile, EnvInstruction, LabelInstruction, Pair, Stage, StageInstruction } from "./dockerfile/ast.ts";
import type { BuildRequest } from "./request.ts";

/**
 * A Dockerfile with what flags ask for as instructions of its target, as podman has it: --env behind FROM, --label at the end.
 */
export function withFlagSteps(dockerfile: Dockerfile, { variables, metadata, target }: BuildRequest): Dockerfile {
  const env = variables.env.map((entry) => splitPair(entry));
  const labels = Object.entries(metadata.labels).map(([key, value]) => quotedPair(key, value));
  if (env.length === 0 && labels.length === 0) return dockerfile;
  const index = targetIndex(dockerfile, target);
  return {
    ...dockerfile,
    stages: dockerfile.stages.map((stage) => (stage.index === index ? withSteps(stage, env, labels) : stage)),
  };
}

function withSteps(stage: Stage, env: readonly Pair[], labels: readonly Pair[]): Stage {
  const { range } = stage.from;
  const code = (keyword: string, pairs: readonly Pair[]) =>
    `${keyword} ${pairs.map(({ key, value }) => `${key}=${value}`).join(" ")}`;
  const first: EnvInstruction = {
    keyword: "ENV",
    written: "ENV",
    code: code("ENV", env),
    range,
    comments: [],
    pairs: env,
  };
  const last: LabelInstruction = {
    keyword: "LABEL",
    written: "LABEL",
    code: code("LABEL", labels),
    range,
    comments: [],
    pairs: labels,
  };
  const instructions: StageInstruction[] = [
    ...(env.length > 0 ? [first] : []),
    ...stage.instructions,
    ...(labels.length > 0 ? [last] : []),
  ];
  return { ...stage, instructions };
}

function splitPair(entry: string): Pair {
  const equals = entry.indexOf("=");
  return equals < 0 ? quotedPair(entry, "") : quotedPair(entry.slice(0, equals), entry.slice(equals + 1));
}

/** Quoted so that nothing in them is expanded. */
function quotedPair(key: string, value: string): Pair {
  return { key: quote(key), value: quote(value), isLegacy: false };
}

function quote(text: string): string {
  return `"${text.replaceAll(/["\\$]/g, "\\$&")}"`;
}

function targetIndex({ stages }: Dockerfile, target: string | undefined): number {
  const named = stages.findLastIndex(({ name, index }) => name === target?.toLowerCase() || String(index) === target);
  return target === undefined || named < 0 ? stages.length - 1 : named;
}
