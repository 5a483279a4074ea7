import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import type { Platform } from "../oci/image.ts";
import { hostPlatform } from "../oci/platform.ts";
import { randomHex } from "../system/random.ts";
import { parseDockerfile } from "./dockerfile/parse.ts";
import { finishBuild } from "./finish.ts";
import { withFlagSteps } from "./flag-steps.ts";
import { createLimiter } from "./limiter.ts";
import { type BuildPlan, planBuild } from "./plan.ts";
import type { BuildResult, OnBuildEvent, StepInfo } from "./progress.ts";
import { refuseUnsupported } from "./refuse.ts";
import type { BuildRequest } from "./request.ts";
import { sweepLeftovers } from "./run/leftovers.ts";
import { type BuildSession, platformName } from "./session.ts";
import { stepsOf } from "./step-infos.ts";
import { solveStage } from "./steps/solve-stage.ts";

export interface BuildOptions {
  readonly onEvent: OnBuildEvent;
  /** Ends the build: nothing of it is left but what is cached. */
  readonly signal?: AbortSignal;
}

/**
 * Builds an image from a Dockerfile. Success means that the image is stored, or written to where it was asked for, and has its
 * names. Whatever ends a build early leaves the results of the steps that were complete, for the next one to use.
 * @throws {DhowError} `invalid-argument` for what is wrong with the Dockerfile or the request; what a step says, with
 * `building at STEP "..."` in front and the exit code of its program; the signal's reason.
 */
export async function build(
  engine: Engine,
  request: BuildRequest,
  { onEvent, signal }: BuildOptions,
): Promise<BuildResult> {
  refuseUnsupported(request);
  const { text, name } = request.dockerfile;
  const dockerfile = withFlagSteps(parseDockerfile(text, { fileName: name }), request);
  const platforms: readonly Platform[] = request.platforms.length > 0 ? request.platforms : [hostPlatform()];
  const plans = platforms.map((platform) => planBuild(dockerfile, request, platform));
  sweepLeftovers(engine);
  const stop = new AbortController();
  const giveUp = () =>
    stop.abort(signal?.reason ?? new DhowError("the build was interrupted", { kind: "unavailable" }));
  if (signal?.aborted) giveUp();
  signal?.addEventListener("abort", giveUp);
  await using cleanups = new AsyncDisposableStack();
  const session: BuildSession = {
    ...{ engine, request, dockerfile, emit: onEvent, signal: stop.signal, cleanups },
    ...{ limiter: createLimiter(request.steps.jobs), usedKeys: new Set(), shared: new Map() },
  };
  try {
    tellPlans(session, plans);
    const stages = await solvePlans(session, plans, stop);
    const result = await finishBuild(
      session,
      randomHex(12),
      plans.map((plan, index) => ({ plan, state: stages[index] as (typeof stages)[number] })),
    );
    engine.buildCache.touch([...session.usedKeys]);
    return result;
  } finally {
    signal?.removeEventListener("abort", giveUp);
    await Promise.allSettled(session.shared.values());
  }
}

/** All stages that are needed begin at once; those that need one another wait by themselves. The first failure ends all. */
async function solvePlans(session: BuildSession, plans: readonly BuildPlan[], stop: AbortController) {
  const all = plans.flatMap((plan) => [...plan.stages.keys()].map((index) => solveStage(session, plan, index)));
  const targets = plans.map(async (plan) => (await solveStage(session, plan, plan.target)).state);
  try {
    await Promise.all(all);
    return await Promise.all(targets);
  } catch (error) {
    stop.abort(error);
    await Promise.allSettled([...all, ...targets]);
    throw error;
  }
}

function tellPlans(session: BuildSession, plans: readonly BuildPlan[]): void {
  const steps: StepInfo[] = [];
  const stages = plans.flatMap((plan) =>
    [...plan.stages.values()]
      .sort((a, b) => a.index - b.index)
      .map((stage) => {
        steps.push(...stepsOf(session, plan, stage));
        return {
          name: stage.stage.name ?? String(stage.index),
          platform: platformName(session.request, plan.platform),
          base: stage.base.kind === "image" ? stage.base.name : stage.stage.from.base,
        };
      }),
  );
  session.emit({ type: "planned", steps, stages });
}
