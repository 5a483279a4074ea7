import { posix } from "node:path";
import { isKind } from "../../../errors.ts";
import { suggest } from "../../../model/suggest.ts";
import type { AddInstruction, CopyInstruction, Dockerfile, Stage, StageInstruction } from "../ast.ts";
import { expandInstruction } from "../expand.ts";
import { parseExposedPorts } from "../ports.ts";
import type { CheckOptions, Reporter } from "./check.ts";
import { describes, type GlobalValues, isSecret, platformArguments } from "./check-from.ts";

export interface StageFacts {
  readonly dockerfile: Dockerfile;
  readonly options: CheckOptions;
  readonly globals: GlobalValues;
  readonly report: Reporter;
}

/** What is known while the instructions of a stage are read one after the other. */
interface Progress {
  readonly facts: StageFacts;
  /** Variables with their values; one without is undefined but known. */
  readonly variables: Map<string, string | undefined>;
  /** Whether the base image may set further variables. */
  readonly startsEmpty: boolean;
  /** The last one of those that count once. */
  readonly last: Map<string, StageInstruction>;
  hasShell: boolean;
  hasWorkdir: boolean;
}

/** Arguments that every stage has without declaring them. */
const predefined = ["http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy"].flatMap((name) => [
  name,
  name.toUpperCase(),
]);

export function checkStage(stage: Stage, facts: StageFacts): void {
  const parent = facts.dockerfile.stages
    .slice(0, stage.index)
    .findLast(({ name }) => name === stage.from.base.toLowerCase());
  const inherited = parent === undefined ? [] : variablesAfter(parent, facts);
  const progress: Progress = {
    ...{ facts, variables: new Map(inherited), startsEmpty: !isImage(stage, facts.dockerfile), last: new Map() },
    ...{ hasShell: parent?.instructions.some(({ keyword }) => keyword === "SHELL") ?? false, hasWorkdir: false },
  };
  for (const instruction of stage.instructions) checkInstruction(instruction, progress);
}

/** What a stage leaves to those that are based on it. */
function variablesAfter(stage: Stage, facts: StageFacts): [string, string | undefined][] {
  const quiet: StageFacts = { ...facts, report: () => {} };
  const parent = facts.dockerfile.stages
    .slice(0, stage.index)
    .findLast(({ name }) => name === stage.from.base.toLowerCase());
  const variables = new Map(parent === undefined ? [] : variablesAfter(parent, facts));
  const progress = { facts: quiet, variables, startsEmpty: false, last: new Map(), hasShell: false, hasWorkdir: false };
  for (const instruction of stage.instructions) checkInstruction(instruction, progress);
  return [...variables];
}

/** Whether something that is not in the file lies below the stage. */
function isImage({ index, from }: Stage, { stages }: Dockerfile): boolean {
  if (from.base === "scratch") return false;
  const parent = stages.slice(0, index).findLast(({ name }) => name === from.base.toLowerCase());
  return parent === undefined || isImage(parent, { stages } as Dockerfile);
}

function checkInstruction(instruction: StageInstruction, progress: Progress): void {
  const { report } = progress.facts;
  const expanded = expand(instruction, progress);
  switch (instruction.keyword) {
    case "ARG":
      checkArguments(instruction, progress);
      break;
    case "ENV":
    case "LABEL":
      for (const { isLegacy } of instruction.pairs) {
        if (isLegacy) report("LegacyKeyValueFormat", instruction, instruction.keyword);
      }
      break;
    case "MAINTAINER":
      report("MaintainerDeprecated", instruction);
      break;
    case "SHELL":
      progress.hasShell = true;
      break;
    case "CMD":
    case "ENTRYPOINT":
      checkUsedOnce(instruction, progress);
      if (instruction.command.form === "shell" && !progress.hasShell) {
        report("JSONArgsRecommended", instruction, instruction.keyword);
      }
      break;
    case "HEALTHCHECK":
      checkUsedOnce(instruction, progress);
      break;
    default:
      break;
  }
  if (expanded !== undefined) checkExpanded(expanded, progress);
}

/** Those whose words matter as they are with the values of variables. */
function checkExpanded(instruction: StageInstruction, progress: Progress): void {
  const { report } = progress.facts;
  switch (instruction.keyword) {
    case "ENV":
      for (const { key, value } of instruction.pairs) {
        if (isSecret(key)) report("SecretsUsedInArgOrEnv", instruction, "ENV", key);
        progress.variables.set(key, value);
      }
      break;
    case "WORKDIR":
      // An empty one comes of a variable that only the base image knows.
      if (!progress.hasWorkdir && instruction.path !== "" && !posix.isAbsolute(instruction.path)) {
        report("WorkdirRelativePath", instruction, instruction.path);
      }
      progress.hasWorkdir = true;
      break;
    case "EXPOSE":
      for (const port of instruction.ports) checkPort(instruction, port, report);
      break;
    case "ADD":
    case "COPY":
      checkSources(instruction, progress.facts);
      break;
    default:
      break;
  }
}

/** Reports variables that nothing has set. Where the base is an image, its variables are not known, and only close misses count. */
function expand(instruction: StageInstruction, progress: Progress): StageInstruction | undefined {
  const { facts, variables, startsEmpty } = progress;
  const { fileName, escape: escapeCharacter } = facts.dockerfile;
  const missing = new Set<string>();
  const look = (name: string) => {
    if (!variables.has(name) && !predefined.includes(name)) missing.add(name);
    return variables.get(name);
  };
  const expanded = quietly(() =>
    expandInstruction(instruction, { fileName, escape: escapeCharacter, variables: look }),
  );
  for (const name of instruction.keyword === "ARG" ? [] : missing) {
    const [near] = suggest(name, [...variables.keys(), ...predefined]);
    if (startsEmpty ? name !== "PATH" : near !== undefined) facts.report("UndefinedVar", instruction, name, near);
  }
  return expanded;
}

function quietly<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (isKind(error, "invalid-argument")) return undefined;
    throw error;
  }
}

function checkArguments(
  instruction: StageInstruction & { readonly keyword: "ARG" },
  { facts, variables }: Progress,
): void {
  const { report, globals, options } = facts;
  const names = instruction.arguments.map(({ name }) => name);
  for (const { name, value } of instruction.arguments) {
    if (isSecret(name)) report("SecretsUsedInArgOrEnv", instruction, "ARG", name);
    const own = options.buildArguments[name] ?? value ?? globals.get(name);
    variables.set(name, own ?? (platformArguments.includes(name) ? "x" : undefined));
  }
  if (!describes(instruction.comments, names)) {
    report("InvalidDefinitionDescription", instruction, "ARG", names.length > 1 ? "<arg_key>" : (names[0] as string));
  }
}

/** The earlier one is at fault: nothing comes of it. */
function checkUsedOnce(instruction: StageInstruction, { facts, last }: Progress): void {
  const earlier = last.get(instruction.keyword);
  if (earlier !== undefined) facts.report("MultipleInstructionsDisallowed", earlier, instruction.keyword);
  last.set(instruction.keyword, instruction);
}

function checkPort(instruction: StageInstruction, port: string, report: Reporter): void {
  const exposed = quietly(() => parseExposedPorts(port));
  if (exposed === undefined) return;
  if (exposed.protocol !== exposed.protocol.toLowerCase()) report("ExposeProtoCasing", instruction, port);
  if (exposed.hasHostPart) report("ExposeInvalidFormat", instruction, port);
}

function checkSources(instruction: AddInstruction | CopyInstruction, { options, report }: StageFacts): void {
  const { isIgnored } = options;
  if (isIgnored === undefined || (instruction.keyword === "COPY" && instruction.from !== undefined)) return;
  for (const source of instruction.sources) {
    if (instruction.keyword === "ADD" && /^(?:[a-z]+:\/\/|git@)/.test(source)) continue;
    const path = posix.normalize(`/${source}`).replace(/^\/|\/$/g, "");
    // The context itself is never left out, unless everything in it is.
    const isOut = path === "" ? isIgnored("any") && isIgnored(".other") : isIgnored(path);
    const command = instruction.keyword === "ADD" ? "Add" : "Copy";
    if (isOut) report("CopyIgnoredFile", instruction, command, path || ".");
  }
}
