import { posix } from "node:path";
import { DhowError } from "../../errors.ts";
import type { ContainerDefaults } from "../../oci/image.ts";
import { parseSignal } from "../../oci/signal.ts";
import type {
  AddInstruction,
  CommandLine,
  CopyInstruction,
  DeclaredHealthcheck,
  HealthcheckInstruction,
  Pair,
  RunInstruction,
  StageInstruction,
} from "../dockerfile/ast.ts";
import { parseExposedPorts } from "../dockerfile/ports.ts";

/** What CMD was given in the same stage survives an ENTRYPOINT; that of the base image does not. */
export interface StageFacts {
  readonly hasOwnCommand: boolean;
}

/** Instructions that change nothing but the config. */
export type ConfigInstruction = Exclude<StageInstruction, RunInstruction | CopyInstruction | AddInstruction>;

export function isConfigInstruction(instruction: StageInstruction): instruction is ConfigInstruction {
  return !["RUN", "COPY", "ADD"].includes(instruction.keyword);
}

/**
 * What an instruction makes of the config. Its words are expanded.
 * @throws {DhowError} `invalid-argument`.
 */
export function changeConfig(
  config: ContainerDefaults,
  instruction: StageInstruction,
  { hasOwnCommand }: StageFacts,
): ContainerDefaults {
  switch (instruction.keyword) {
    case "ADD":
    case "ARG":
    case "COPY":
    case "MAINTAINER":
    case "RUN":
      return config;
    case "ENV":
      return { ...config, Env: withVariables(config.Env ?? [], instruction.pairs) };
    case "LABEL":
      return { ...config, Labels: { ...config.Labels, ...toRecord(instruction.pairs) } };
    case "CMD":
      return { ...config, Cmd: commandWords(config, instruction.command) };
    case "ENTRYPOINT": {
      const { Cmd, ...rest } = config;
      const kept = hasOwnCommand && Cmd !== undefined ? { Cmd } : {};
      return { ...rest, ...kept, Entrypoint: commandWords(config, instruction.command) };
    }
    case "EXPOSE":
      return {
        ...config,
        ExposedPorts: {
          ...config.ExposedPorts,
          ...toSet(instruction.ports.flatMap((port) => parseExposedPorts(port).ports)),
        },
      };
    case "HEALTHCHECK":
      return { ...config, Healthcheck: healthcheck(config, instruction) };
    case "ONBUILD":
      return { ...config, OnBuild: [...(config.OnBuild ?? []), instruction.trigger] };
    case "SHELL":
      return { ...config, Shell: instruction.words };
    case "STOPSIGNAL":
      return { ...config, StopSignal: checkSignal(instruction.signal) };
    case "USER":
      return { ...config, User: instruction.user };
    case "VOLUME":
      return { ...config, Volumes: { ...config.Volumes, ...toSet(instruction.paths) } };
    case "WORKDIR":
      return { ...config, WorkingDir: posix.resolve("/", config.WorkingDir ?? "", instruction.path) };
  }
}

/** What runs for a command, in the shell of the image if it is for one. */
export function commandWords({ Shell }: ContainerDefaults, command: CommandLine): readonly string[] {
  return command.form === "exec" ? command.words : [...shellOf({ Shell }), command.text];
}

export function shellOf({
  Shell = ["/bin/sh", "-c"],
}: Pick<ContainerDefaults, "Shell"> | { Shell: undefined }): readonly string[] {
  return Shell;
}

/** Variables with others set: those that are there keep their place. */
export function withVariables(env: readonly string[], pairs: readonly Pick<Pair, "key" | "value">[]): string[] {
  const variables = new Map(env.map((entry) => splitVariable(entry)));
  for (const { key, value } of pairs) variables.set(key, value);
  return [...variables].map(([name, value]) => `${name}=${value}`);
}

/** `NAME=value` in two. */
export function splitVariable(entry: string): [string, string] {
  const equals = entry.indexOf("=");
  return equals < 0 ? [entry, ""] : [entry.slice(0, equals), entry.slice(equals + 1)];
}

function toRecord(pairs: readonly Pair[]): Record<string, string> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
}

function toSet(names: readonly string[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, {}]));
}

function checkSignal(text: string): string {
  try {
    return parseSignal(text).name;
  } catch (cause) {
    throw new DhowError(`STOPSIGNAL must be given a valid signal: ${JSON.stringify(text)} is none`, {
      kind: "invalid-argument",
      cause,
    });
  }
}

const nanoseconds = 1_000_000;

function healthcheck(config: ContainerDefaults, { check }: HealthcheckInstruction): Record<string, unknown> {
  if (check === undefined) return { Test: ["NONE"] };
  const { command } = check;
  const test = command.form === "exec" ? ["CMD", ...command.words] : healthcheckForShell(config, command.text);
  return { Test: test, ...times(check) };
}

/** CMD-SHELL is run by /bin/sh, whatever SHELL says. */
function healthcheckForShell({ Shell }: ContainerDefaults, text: string): string[] {
  return Shell === undefined ? ["CMD-SHELL", text] : ["CMD", ...Shell, text];
}

function times(check: DeclaredHealthcheck): Record<string, number> {
  const all = {
    Interval: check.intervalMs,
    Timeout: check.timeoutMs,
    StartPeriod: check.startPeriodMs,
    StartInterval: check.startIntervalMs,
  };
  const given = Object.entries(all).flatMap(([name, ms]) => (ms === undefined ? [] : [[name, ms * nanoseconds]]));
  return { ...Object.fromEntries(given), ...(check.retries === undefined ? {} : { Retries: check.retries }) };
}
