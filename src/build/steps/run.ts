import { DhowError } from "../../errors.ts";
import type { RunInstruction, RunMount } from "../dockerfile/ast.ts";
import { runScriptOf } from "../dockerfile/run-script.ts";
import { keyOf } from "../keys.ts";
import { executeStep } from "../run/execute.ts";
import { removePlaceholders } from "../run/placeholders.ts";
import { type StepVariant, stepConfig } from "../run/step-config.ts";
import { shellOf, splitVariable, withVariables } from "./change-config.ts";
import { ProgramFailed } from "./failure.ts";
import type { ImageState } from "./image-state.ts";
import { layersBelow } from "./mounted-state.ts";
import type { StepOutput } from "./output.ts";
import { type KnownMount, lookAtMounts, mountKey, withMounts } from "./run-mounts.ts";
import { changesIn, type SolvedLayer, type StepContext, solveLayer, timeKey, withLayer } from "./step-context.ts";

const defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export interface RunFacts {
  readonly instruction: RunInstruction;
  readonly mounts: readonly RunMount[];
  /** Arguments of the stage that were declared: they are in the environment, and part of the key. */
  readonly declared: ReadonlyMap<string, string>;
  readonly output: StepOutput;
}

/** Solves RUN. Its words are expanded where they are at all. */
export async function solveRun(
  context: StepContext,
  state: ImageState,
  facts: RunFacts,
): Promise<{ readonly state: ImageState; readonly solved: SolvedLayer }> {
  const { instruction, declared } = facts;
  const { Env = [], User = "", WorkingDir = "/" } = state.defaults;
  refuseEntitlements(context, instruction);
  const program = programOf(state, instruction);
  const names = new Set(Env.map((entry) => splitVariable(entry)[0]));
  const args = [...declared].filter(([name]) => !names.has(name)).sort(([a], [b]) => (a < b ? -1 : 1));
  const env = [...args.map(([name, value]) => `${name}=${value}`), ...Env];
  const mounts = await lookAtMounts(context, facts.mounts);
  const variant: StepVariant = {
    network: instruction.network ?? "default",
    security: instruction.security ?? "sandbox",
    devices: instruction.devices,
  };
  const key = keyOf("run", {
    ...{ below: state.chainId ?? "", program, env, user: User, directory: WorkingDir, variant },
    ...{ mounts: mounts.map(mountKey), times: timeKey(context.session) },
  });
  const prefix =
    args.length === 0 ? "" : `|${args.length} ${args.map(([name, value]) => `${name}=${value}`).join(" ")} `;
  const solved = await solveLayer(context, {
    key,
    description: `${prefix}/bin/sh -c ${textOf(instruction)}`,
    parent: state.chainId,
    make: (folder) => runProgram(context, { state, facts, mounts, folder }, { program, env, variant }),
  });
  return { state: withLayer(state, solved, key), solved };
}

/** What runs, and a script that it finds as a file. */
interface Program {
  readonly argv: readonly string[];
  readonly script?: { readonly path: string; readonly content: string };
}

function programOf({ defaults }: ImageState, { command }: RunInstruction): Program {
  const script = runScriptOf(command);
  switch (script.kind) {
    case "words":
      return { argv: script.words };
    case "shell":
      return { argv: [...shellOf(defaults), script.text] };
    case "program": {
      const path = `/dev/pipes/${script.name}`;
      return { argv: [path], script: { path, content: script.content } };
    }
  }
}

/** What a Dockerfile of somebody else shall not get unasked. */
function refuseEntitlements({ session }: StepContext, { security, devices }: RunInstruction): void {
  const { allows } = session.request.steps;
  const wanted = [
    ...(security === "insecure" ? (["security.insecure"] as const) : []),
    ...(devices.length > 0 ? (["device"] as const) : []),
  ];
  const missing = wanted.find((name) => !allows.has(name));
  if (missing === undefined) return;
  throw new DhowError(`${missing} is not allowed`, {
    kind: "permission-denied",
    hint: `allow it with --allow ${missing}`,
  });
}

function textOf({ code, command }: RunInstruction): string {
  const text = code.replace(/^\s*RUN\s+/i, "");
  const heredocs = command.form === "shell" ? command.heredocs : [];
  return [text, ...heredocs.map(({ content }) => content.trim())].join("\n");
}

interface RunPlace {
  readonly state: ImageState;
  readonly facts: RunFacts;
  readonly mounts: readonly KnownMount[];
  readonly folder: string;
}

async function runProgram(
  context: StepContext,
  { state, facts, mounts, folder }: RunPlace,
  {
    program,
    env,
    variant,
  }: { readonly program: Program; readonly env: readonly string[]; readonly variant: StepVariant },
) {
  const { session } = context;
  const { engine, request } = session;
  const layers = layersBelow(engine, state.chainId);
  const base = stepConfig(engine, request.steps.run, variant);
  const workdir = state.defaults.WorkingDir || "/";
  return withMounts(context, { mounts, folder, workdir, user: state.defaults.User ?? "" }, async (made) => {
    const proxies = Object.entries(request.variables.proxies).map(([key, value]) => ({ key, value }));
    const config = {
      ...base,
      argv: program.argv,
      env: withPath(withVariables(withVariables([], proxies).concat(env), made.env)),
      user: state.defaults.User ?? "",
      workdir,
      mounts: [
        ...base.mounts,
        ...made.mounts,
        ...(program.script ? [made.script(program.script.path, program.script.content)] : []),
      ],
    };
    const { output } = facts;
    const code = await executeStep(engine, {
      ...{ config, layers, folder, signal: session.signal },
      onOutput: (stream, chunk) => output.write(stream, chunk),
    });
    output.end();
    if (code !== 0) throw new ProgramFailed(code);
    removePlaceholders(
      `${folder}/diff`,
      layers,
      config.mounts.map(({ destination }) => destination),
    );
    return changesIn(engine, folder, layers);
  });
}

function withPath(env: readonly string[]): readonly string[] {
  return env.some((entry) => entry.startsWith("PATH=")) ? env : [defaultPath, ...env];
}
