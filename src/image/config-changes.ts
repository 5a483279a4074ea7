import { posix } from "node:path";
import { DhowError } from "../errors.ts";
import type { ContainerDefaults } from "../oci/image.ts";
import { parseSignal } from "../oci/signal.ts";
import { expandVariables, splitWords } from "./instruction-words.ts";

/** What --change may say: the instructions that change an image's config and nothing else. */
export const changeInstructions = [
  "ARG",
  "CMD",
  "ENTRYPOINT",
  "ENV",
  "EXPOSE",
  "LABEL",
  "ONBUILD",
  "STOPSIGNAL",
  "USER",
  "VOLUME",
  "WORKDIR",
] as const;

type Instruction = (typeof changeInstructions)[number];

/** The config on its way through the changes. */
interface ChangedConfig {
  config: ContainerDefaults;
  /** Values of ARG: for later instructions, not for the image. */
  readonly arguments: Map<string, string>;
  /** An entrypoint takes the command of the image away, but not one that was asked for together with it. */
  hasNewCommand: boolean;
}

type Change = (state: ChangedConfig, value: string) => ContainerDefaults;

/**
 * Applies instructions as `ENV A=b` or `CMD=["sh"]` to the config of an image: those of a Containerfile, and the shorter form with
 * an equals sign behind the word.
 * @throws {DhowError} `invalid-argument`, in podman's words.
 */
export function applyChanges(config: ContainerDefaults, changes: readonly string[]): ContainerDefaults {
  const state: ChangedConfig = { config, arguments: new Map(), hasNewCommand: false };
  for (const change of changes.flatMap(splitLines)) {
    const { word, value } = splitInstruction(change);
    const instruction = word.toUpperCase();
    if (!isInstruction(instruction)) throw invalid(change, `invalid instruction ${instruction}`);
    state.config = explained(change, () => instructions[instruction](state, value));
  }
  return state.config;
}

/** Several instructions in one text; a line that begins otherwise goes on with the one above. */
const lineBreak = new RegExp(`\\n(?=[ \\t]*(?:${changeInstructions.join("|")})[ \\t=])`, "i");

function splitLines(change: string): string[] {
  return change.split(lineBreak);
}

function splitInstruction(change: string): { word: string; value: string } {
  const match = /^\s*([^\s=]+)(?:=|\s+|$)([\s\S]*)$/.exec(change);
  if (!match || !/[\s=]/.test(change.trimStart())) {
    throw new DhowError(`invalid change ${JSON.stringify(change)} - must be formatted as KEY VALUE`, {
      kind: "invalid-argument",
    });
  }
  return { word: match[1] ?? "", value: (match[2] ?? "").trim() };
}

function isInstruction(word: string): word is Instruction {
  return (changeInstructions as readonly string[]).includes(word);
}

/** What is wrong with an instruction's value, to be told with the instruction. */
class WrongValue extends Error {}

function explained<T>(change: string, apply: () => T): T {
  try {
    return apply();
  } catch (error) {
    if (error instanceof WrongValue) throw invalid(change, error.message);
    throw error;
  }
}

function invalid(change: string, reason: string): DhowError {
  return new DhowError(`invalid change ${JSON.stringify(change)} - ${reason}`, {
    kind: "invalid-argument",
    hint: `known are ${changeInstructions.join(", ")}`,
  });
}

const instructions: Readonly<Record<Instruction, Change>> = {
  ARG(state, value) {
    const [name = "", ...rest] = value.split("=");
    if (name === "") throw new WrongValue("ARG must have a name");
    state.arguments.set(name, expand(state, rest.join("=")));
    return state.config;
  },
  CMD(state, value) {
    state.hasNewCommand = true;
    return { ...state.config, Cmd: parseWordList(value) ?? [...shellOf(state.config), ...nonEmpty(value)] };
  },
  ENTRYPOINT(state, value) {
    const { Cmd, ...config } = state.config;
    const words = value === "" ? [] : (parseWordList(value) ?? [...shellOf(config), value]);
    return { ...config, Entrypoint: words, ...(state.hasNewCommand && Cmd ? { Cmd } : {}) };
  },
  ENV(state, value) {
    const env = new Map((state.config.Env ?? []).map((entry) => splitPair(entry)));
    for (const [name, text] of readPairs(state, value)) {
      if (name === "") throw new WrongValue("ENV must have at least one argument");
      env.set(name, text ?? "");
    }
    return { ...state.config, Env: Array.from(env, ([name, text]) => `${name}=${text}`) };
  },
  EXPOSE(state, value) {
    const ports = splitWords(expand(state, value)).flatMap(parsePorts);
    if (ports.length === 0) throw new WrongValue("EXPOSE requires at least one port");
    return { ...state.config, ExposedPorts: { ...state.config.ExposedPorts, ...toSet(ports) } };
  },
  LABEL(state, value) {
    const labels: Record<string, string> = { ...state.config.Labels };
    for (const [name, text] of readPairs(state, value)) {
      if (text === undefined) throw new WrongValue("LABEL must be formatted key=value");
      if (name === "") throw new WrongValue("LABEL must have a non-empty key");
      labels[name] = text;
    }
    return { ...state.config, Labels: labels };
  },
  ONBUILD({ config }, value) {
    if (value === "") throw new WrongValue("ONBUILD must be given an argument");
    return { ...config, OnBuild: [...(config.OnBuild ?? []), value] };
  },
  STOPSIGNAL(state, value) {
    const name = expand(state, value);
    try {
      return { ...state.config, StopSignal: parseSignal(name).name };
    } catch (cause) {
      throw new WrongValue(`STOPSIGNAL must be given a valid signal: ${JSON.stringify(name)} is none`, { cause });
    }
  },
  USER(state, value) {
    const user = expand(state, value);
    if (user === "") throw new WrongValue("must provide a value to USER");
    return { ...state.config, User: user };
  },
  VOLUME(state, value) {
    const volumes = parseWordList(value) ?? splitWords(expand(state, value));
    if (volumes.length === 0) throw new WrongValue("must provide at least one argument to VOLUME");
    if (volumes.includes("")) throw new WrongValue("VOLUME paths must not be empty");
    return { ...state.config, Volumes: { ...state.config.Volumes, ...toSet(volumes) } };
  },
  WORKDIR(state, value) {
    const directory = expand(state, value);
    if (directory === "") throw new WrongValue("must provide a non-empty WORKDIR");
    return { ...state.config, WorkingDir: posix.resolve("/", state.config.WorkingDir ?? "", directory) };
  },
};

function shellOf({ Shell = ["/bin/sh", "-c"] }: ContainerDefaults): readonly string[] {
  return Shell;
}

function nonEmpty(value: string): string[] {
  return value === "" ? [] : [value];
}

/** A JSON array of words; undefined for everything else. */
function parseWordList(value: string): string[] | undefined {
  if (!value.startsWith("[")) return undefined;
  try {
    const list: unknown = JSON.parse(value);
    return Array.isArray(list) && list.every((word) => typeof word === "string") ? list : undefined;
  } catch {
    return undefined;
  }
}

/** `A=b C="d e"`; `A b c`, with one name and all the rest as its value; `A=b c`, as podman's import takes it. */
function readPairs(state: ChangedConfig, value: string): (readonly [string, string | undefined])[] {
  const words = splitWords(value, { keepQuotes: true });
  const clean = (text: string) => expand(state, text, { removeQuotes: true });
  if (words.every((word) => word.includes("="))) {
    return words.map((word) => {
      const [name, text] = splitPair(word);
      return [clean(name), clean(text ?? "")];
    });
  }
  const match = /^([^\s=]+)(?:=|\s+|$)([\s\S]*)$/.exec(value);
  if (!match) return [["", undefined]];
  const hasValue = words.length > 1 || value.includes("=");
  return [[clean(match[1] ?? ""), hasValue ? clean(match[2] ?? "") : undefined]];
}

function splitPair(entry: string): readonly [string, string | undefined] {
  const equals = entry.indexOf("=");
  return equals < 0 ? [entry, undefined] : [entry.slice(0, equals), entry.slice(equals + 1)];
}

function expand(state: ChangedConfig, text: string, options?: { readonly removeQuotes: boolean }): string {
  const env = new Map((state.config.Env ?? []).map((entry) => splitPair(entry)));
  return expandVariables(text, (name) => env.get(name) ?? state.arguments.get(name), options);
}

function parsePorts(text: string): string[] {
  const [range = "", protocol = "tcp", ...more] = text.split("/");
  if (more.length > 0) throw new WrongValue("EXPOSE port must be formatted as PORT[/PROTO]");
  const match = /^(\d+)(?:-(\d+))?$/.exec(range);
  if (!match) throw new WrongValue("EXPOSE port must be an integer");
  const [first, last] = [Number(match[1]), Number(match[2] ?? match[1])];
  if (first < 1 || last > 65535 || last < first) throw new WrongValue("EXPOSE port must be a valid port number");
  if (!["tcp", "udp", "sctp"].includes(protocol.toLowerCase())) {
    throw new WrongValue("EXPOSE protocol must be TCP or UDP");
  }
  return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}/${protocol.toLowerCase()}`);
}

function toSet(names: readonly string[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, {}]));
}
