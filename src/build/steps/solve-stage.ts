import { layersOf } from "../../image/record-image.ts";
import type { ContainerDefaults } from "../../oci/image.ts";
import { formatPlatform } from "../../oci/platform.ts";
import type { AddInstruction, CopyInstruction, StageInstruction, Variables } from "../dockerfile/ast.ts";
import { expandInstruction, resolveMounts } from "../dockerfile/expand.ts";
import { parseTrigger } from "../dockerfile/parse.ts";
import { excluder } from "../files/exclude.ts";
import { keyOf } from "../keys.ts";
import { type BuildPlan, findFrom, type PlannedStage } from "../plan.ts";
import type { StepInfo, StepResult } from "../progress.ts";
import { type BuildSession, once } from "../session.ts";
import { stepsOf } from "../step-infos.ts";
import { solveAdd } from "./add.ts";
import { type ConfigInstruction, changeConfig, isConfigInstruction, splitVariable } from "./change-config.ts";
import { solveCopy } from "./copy.ts";
import { explained } from "./failure.ts";
import type { ImageState } from "./image-state.ts";
import { openOutput, type StepOutput } from "./output.ts";
import { solveRun } from "./run.ts";
import { baseImage } from "./source-trees.ts";
import { creationTime, historyEntry, type StepContext, solveTime } from "./step-context.ts";

/** What a stage leaves to those that are based on it. */
export interface SolvedStage {
  readonly state: ImageState;
  /** Declared with ARG, with their values. */
  readonly declared: ReadonlyMap<string, string>;
}

/** Solves a stage, once in a build, with all that it needs. Stages that do not need one another run at once. */
export function solveStage(session: BuildSession, plan: BuildPlan, index: number): Promise<SolvedStage> {
  return once(session, `stage:${formatPlatform(plan.platform)}:${index}`, () =>
    new StageSolver(session, plan, plan.stages.get(index) as PlannedStage).solve(),
  );
}

/** Arguments that RUN sees without being declared, and that are no part of anything. */
const predefined = new Set(
  ["http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy"].flatMap((name) => [name, name.toUpperCase()]),
);

/** Goes through the instructions of one stage. */
class StageSolver {
  readonly #session: BuildSession;
  readonly #plan: BuildPlan;
  readonly #stage: PlannedStage;
  readonly #steps: readonly StepInfo[];
  #state!: ImageState;
  #declared = new Map<string, string>();
  #hasOwnCommand = false;

  constructor(session: BuildSession, plan: BuildPlan, stage: PlannedStage) {
    this.#session = session;
    this.#plan = plan;
    this.#stage = stage;
    this.#steps = stepsOf(session, plan, stage);
  }

  async solve(): Promise<SolvedStage> {
    const [first, ...steps] = this.#steps;
    // What it copies and mounts from is begun at once.
    await this.#step(first as StepInfo, () => this.#begin(first as StepInfo));
    for (const trigger of this.#takeTriggers())
      await this.#step(first as StepInfo, () => this.#solve(first as StepInfo, trigger));
    for (const [index, instruction] of this.#stage.instructions.entries()) {
      const step = steps[index] as StepInfo;
      await this.#step(step, (output) => this.#solve(step, instruction, output));
    }
    return { state: this.#state, declared: this.#declared };
  }

  async #step(step: StepInfo, work: (output: StepOutput) => Promise<Omit<StepResult, "durationMs">>): Promise<void> {
    const { emit } = this.#session;
    const output = openOutput(this.#session, step);
    const begin = Date.now();
    emit({ type: "step-started", step });
    const result = await explained(this.#session, { step, lastOutput: () => output.last }, () => work(output));
    emit({ type: "step-finished", step, result: { ...result, durationMs: Date.now() - begin } });
  }

  async #begin(step: StepInfo): Promise<Omit<StepResult, "durationMs">> {
    const { base } = this.#stage;
    if (base.kind === "stage") {
      const { state, declared } = await solveStage(this.#session, this.#plan, base.index);
      this.#state = state;
      this.#declared = new Map(declared);
    } else {
      this.#state = base.kind === "scratch" ? this.#emptyState() : await this.#stateOf(step, base.name);
    }
    return { id: this.#state.key, isCached: false, layerBytes: 0 };
  }

  #emptyState(): ImageState {
    const { platform } = this.#stage;
    return {
      ...{ platform, layers: [], chainId: undefined, baseLayers: 0, baseHistory: 0 },
      defaults: withDefaultPath({}),
      ...{ author: undefined, history: [], annotations: {}, from: "scratch" },
      key: keyOf("from", ["scratch", platform]),
      createdAt: creationTime(this.#session) ?? new Date(),
    };
  }

  async #stateOf(step: StepInfo, name: string): Promise<ImageState> {
    const { engine, request } = this.#session;
    const { platform } = this.#stage;
    const image = await baseImage(this.#session, name, { step, platform });
    const { config = {}, author, history = [] } = engine.images.config(image);
    const layers = layersOf(engine, image);
    const { os, architecture, variant } = image;
    return {
      platform: { os, architecture, ...(variant === undefined ? {} : { variant }) },
      ...{ layers, chainId: image.topLayer, baseLayers: layers.length, baseHistory: history.length },
      defaults: withDefaultPath(request.metadata.inheritsLabels ? config : withoutLabels(config)),
      ...{ author: author || undefined, history },
      annotations: engine.images.manifest(image).annotations ?? {},
      from: image.names[0] ?? name,
      key: keyOf("from", [image.id, request.metadata.inheritsLabels]),
      createdAt: image.createdAt,
    };
  }

  #takeTriggers(): StageInstruction[] {
    const { OnBuild = [], ...defaults } = this.#state.defaults;
    if (this.#stage.base.kind !== "image" || OnBuild.length === 0) return [];
    this.#state = { ...this.#state, defaults };
    return OnBuild.map((trigger) => parseTrigger(trigger, this.#state.from));
  }

  async #solve(
    step: StepInfo,
    written: StageInstruction,
    output: StepOutput = openOutput(this.#session, step),
  ): Promise<Omit<StepResult, "durationMs">> {
    this.#session.signal.throwIfAborted();
    const scope = { ...this.#scope(), variables: this.#variables() };
    const instruction = expandInstruction(written, scope);
    const context = this.#context(step);
    if (isConfigInstruction(instruction)) return this.#changeConfig(context, instruction, written);
    const { state, solved } =
      instruction.keyword === "RUN"
        ? await solveRun(context, this.#state, {
            ...{ instruction, mounts: resolveMounts(instruction, scope), declared: this.#declared, output },
          })
        : await this.#copy(context, instruction);
    this.#state = state;
    return { id: state.key, isCached: solved.isCached, layerBytes: solved.layer.contentBytes };
  }

  #copy(context: StepContext, instruction: CopyInstruction | AddInstruction) {
    const excludes = excluder(instruction.excludes);
    if (instruction.keyword === "ADD") {
      return solveAdd(context, this.#state, { instruction, from: { kind: "context" }, excludes });
    }
    return solveCopy(context, this.#state, { instruction, from: context.findFrom(instruction.from), excludes });
  }

  #changeConfig(
    context: StepContext,
    instruction: ConfigInstruction,
    written: StageInstruction,
  ): Omit<StepResult, "durationMs"> {
    const before = this.#state;
    if (instruction.keyword === "ARG") {
      for (const { name, value } of instruction.arguments) this.#declare(name, value);
    }
    const defaults = changeConfig(before.defaults, instruction, { hasOwnCommand: this.#hasOwnCommand });
    if (instruction.keyword === "CMD") this.#hasOwnCommand = true;
    const author = instruction.keyword === "MAINTAINER" ? instruction.maintainer : before.author;
    const text = instruction.keyword === "ARG" ? argText(instruction.arguments, this.#declared) : written.code;
    const createdBy = `/bin/sh -c #(nop) ${text}`;
    const key = keyOf("step", [before.key, createdBy, defaults, author ?? ""]);
    const { createdAt, isCached } = solveTime(context, { key, description: context.step.text });
    const entry = { ...historyEntry({ ...before, author }, createdAt, createdBy), empty_layer: true };
    this.#state = { ...before, defaults, author, key, createdAt, history: [...before.history, entry] };
    return { id: key, isCached, layerBytes: 0 };
  }

  #declare(name: string, value: string | undefined): void {
    const given = this.#session.request.variables.args;
    const chosen = Object.hasOwn(given, name) ? given[name] : (value ?? this.#plan.globals.get(name));
    if (chosen !== undefined) this.#declared.set(name, chosen);
  }

  #scope() {
    const { fileName, escape: escapeCharacter } = this.#session.dockerfile;
    return { fileName, escape: escapeCharacter };
  }

  /** ENV goes before ARG. */
  #variables(): Variables {
    const env = new Map((this.#state.defaults.Env ?? []).map(splitVariable));
    const declared = new Map(this.#declared);
    return (name) => env.get(name) ?? declared.get(name);
  }

  #context(step: StepInfo): StepContext {
    const { request, dockerfile } = this.#session;
    const { index, stage, platform } = this.#stage;
    const { isOff, staysOffFor } = request.caching;
    const names = [stage.name ?? "", String(index)];
    return {
      ...{ session: this.#session, step, platform, args: this.#declared },
      // As podman: who wants one layer has its steps run anew.
      usesCache: !isOff && request.result.layers !== "one" && !names.some((name) => staysOffFor.includes(name)),
      solveStage: async (other) => (await solveStage(this.#session, this.#plan, other)).state,
      findFrom: (from) => findFrom({ dockerfile, request }, index, from),
    };
  }
}

const defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** As podman's builds: an image without a PATH gets one. */
function withDefaultPath(defaults: ContainerDefaults): ContainerDefaults {
  const { Env = [] } = defaults;
  return Env.some((entry) => entry.startsWith("PATH=")) ? defaults : { ...defaults, Env: [defaultPath, ...Env] };
}

function withoutLabels({ Labels: _, ...rest }: ContainerDefaults): ContainerDefaults {
  return rest;
}

function argText(args: readonly { readonly name: string }[], declared: ReadonlyMap<string, string>): string {
  const words = args.map(({ name }) =>
    declared.has(name) && !predefined.has(name) ? `${name}=${declared.get(name)}` : name,
  );
  return `ARG ${words.join(" ")}`;
}
