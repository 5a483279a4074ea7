import { isKind } from "../../../errors.ts";
import { suggest } from "../../../model/suggest.ts";
import { parsePlatform } from "../../../oci/platform.ts";
import { parseReference } from "../../../oci/reference.ts";
import type { Dockerfile, FromInstruction, Stage } from "../ast.ts";
import { expandWord } from "../lexer.ts";
import type { CheckOptions, Reporter } from "./check.ts";

/** Arguments that are there without being declared, in FROM. */
export const platformArguments = ["TARGET", "BUILD"].flatMap((side) =>
  ["PLATFORM", "OS", "ARCH", "VARIANT", "OSVERSION"].map((name) => `${side}${name}`),
);

/** Values of the arguments above the first FROM; undefined for those without one. */
export type GlobalValues = ReadonlyMap<string, string | undefined>;

export function checkStageNames({ stages }: Dockerfile, report: Reporter): void {
  const seen = new Set<string>();
  for (const { name, from } of stages) {
    if (name === undefined || from.as === undefined) continue;
    if (name === "context" || name === "scratch") report("ReservedStageName", from, name);
    if (seen.has(name)) report("DuplicateStageName", from, name);
    seen.add(name);
    if (from.as.name !== name) report("StageNameCasing", from, from.as.name);
    if (!hasSameCase(from)) report("FromAsCasing", from, from.written, from.as.written);
    if (!describes(from.comments, [name])) report("InvalidDefinitionDescription", from, "FROM", name);
  }
}

function hasSameCase({ written, as }: FromInstruction): boolean {
  if (written === written.toUpperCase()) return as?.written === as?.written.toUpperCase();
  if (written === written.toLowerCase()) return as?.written === as?.written.toLowerCase();
  return true;
}

/** Whether the comment above a definition, if there is one, begins with one of its names. */
export function describes(comments: readonly string[], names: readonly string[]): boolean {
  const last = comments.at(-1);
  return last === undefined || names.length === 0 || names.includes(last.split(" ")[0] as string);
}

/** Checks bases and platforms. @returns What is known above the first FROM. */
export function checkFroms(dockerfile: Dockerfile, options: CheckOptions, report: Reporter): GlobalValues {
  const values = globalValues(dockerfile, options.buildArguments);
  const defaults = globalValues(dockerfile, {});
  for (const instruction of dockerfile.globalArguments) {
    const names = instruction.arguments.map(({ name }) => name);
    for (const name of names) if (isSecret(name)) report("SecretsUsedInArgOrEnv", instruction, "ARG", name);
    if (!describes(instruction.comments, names)) {
      report("InvalidDefinitionDescription", instruction, "ARG", names.length > 1 ? "<arg_key>" : (names[0] as string));
    }
  }
  for (const stage of dockerfile.stages) {
    const known = new Set([...values.keys(), ...platformArguments]);
    checkUndeclared(stage, { dockerfile, known, report });
    checkPlatform(stage, dockerfile, report);
    const base = expandQuietly(dockerfile, stage.from.base, (name) => defaults.get(name) ?? usualValue(name));
    if (base !== undefined && !isImageName(base)) report("InvalidDefaultArgInFrom", stage.from, stage.from.base);
  }
  return values;
}

function globalValues(dockerfile: Dockerfile, given: Readonly<Record<string, string>>): GlobalValues {
  const values = new Map<string, string | undefined>();
  for (const { arguments: declared } of dockerfile.globalArguments) {
    for (const { name, value } of declared) {
      const known = (one: string) => values.get(one) ?? usualValue(one);
      const own = value === undefined ? values.get(name) : expandQuietly(dockerfile, value, known);
      values.set(name, given[name] ?? own);
    }
  }
  return values;
}

/** Something of the right form for an argument of the platform. */
function usualValue(name: string): string | undefined {
  if (!platformArguments.includes(name)) return undefined;
  if (name.endsWith("PLATFORM")) return "linux/amd64";
  if (name.endsWith("ARCH")) return "amd64";
  return name.endsWith("OS") ? "linux" : "";
}

interface Facts {
  readonly dockerfile: Dockerfile;
  readonly known: ReadonlySet<string>;
  readonly report: Reporter;
}

function checkUndeclared({ from }: Stage, { dockerfile, known, report }: Facts): void {
  const missing = new Set<string>();
  const look = (name: string) => {
    if (!known.has(name)) missing.add(name);
    return known.has(name) ? "x" : undefined;
  };
  for (const word of [from.base, from.platform ?? ""]) expandQuietly(dockerfile, word, look);
  for (const name of missing) report("UndefinedArgInFrom", from, name, suggest(name, [...known])[0]);
}

function checkPlatform({ name, from }: Stage, dockerfile: Dockerfile, report: Reporter): void {
  if (from.platform === undefined) return;
  const used: string[] = [];
  const value = expandQuietly(dockerfile, from.platform, (one) => {
    used.push(one);
    return "linux/amd64";
  });
  if (used.length === 1 && used[0] === "TARGETPLATFORM" && value === "linux/amd64") {
    report("RedundantTargetPlatform", from, from.platform);
  }
  if (used.length > 0 || value === undefined) return;
  const platform = parseQuietly(() => parsePlatform(value));
  const isNamedAfter = (word: string | undefined) => word !== undefined && name?.includes(word);
  if (platform && !isNamedAfter(platform.os) && !isNamedAfter(platform.architecture)) {
    report("FromPlatformFlagConstDisallowed", from, value);
  }
}

/** A word that cannot be expanded is an error of the build, not of the checks. */
export function expandQuietly(
  { escape: escapeCharacter }: Dockerfile,
  word: string,
  variables: (name: string) => string | undefined,
): string | undefined {
  return parseQuietly(() => expandWord(word, { escape: escapeCharacter, variables }));
}

function parseQuietly<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (isKind(error, "invalid-argument")) return undefined;
    throw error;
  }
}

function isImageName(base: string): boolean {
  return base !== "" && parseQuietly(() => parseReference(base)) !== undefined;
}

const secretWords = /(?:_|^)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)/i;
const publicWords = /(?:_|^)(?:public|file|version)(?:_|$)/i;

export function isSecret(name: string): boolean {
  return secretWords.test(name) && !publicWords.test(name);
}
