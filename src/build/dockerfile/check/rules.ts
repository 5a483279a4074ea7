import type { SourceRange } from "../ast.ts";

/** BuildKit's rules by name: what they say of a place. @see https://docs.docker.com/reference/build-checks/ */
export const rules = {
  ConsistentInstructionCasing: (command: string, casing: string) =>
    `Command '${command}' should match the case of the command majority (${casing})`,
  CopyIgnoredFile: (command: string, file: string) =>
    `Attempting to ${command} file ${JSON.stringify(file)} that is excluded by .dockerignore`,
  DuplicateStageName: (name: string) => `Duplicate stage name ${JSON.stringify(name)}, stage names should be unique`,
  ExposeInvalidFormat: (port: string) =>
    `EXPOSE instruction should not define an IP address or host-port mapping, found '${port}'`,
  ExposeProtoCasing: (port: string) => `Defined protocol '${port}' in EXPOSE instruction should be lowercase`,
  FromAsCasing: (from: string, as: string) => `'${as}' and '${from}' keywords' casing do not match`,
  FromPlatformFlagConstDisallowed: (platform: string) =>
    `FROM --platform flag should not use constant value ${JSON.stringify(platform)}`,
  InvalidDefaultArgInFrom: (base: string) =>
    `Default value for ARG ${base} results in empty or invalid base image name`,
  InvalidDefinitionDescription: (instruction: string, name: string) =>
    `Comment for ${instruction} should follow the format: \`# ${name} <description>\``,
  JSONArgsRecommended: (instruction: string) =>
    `JSON arguments recommended for ${instruction} to prevent unintended behavior related to OS signals`,
  LegacyKeyValueFormat: (keyword: string) =>
    `"${keyword} key=value" should be used instead of legacy "${keyword} key value" format`,
  MaintainerDeprecated: () => "Maintainer instruction is deprecated in favor of using label",
  MultipleInstructionsDisallowed: (instruction: string) =>
    `Multiple ${instruction} instructions should not be used in the same stage because only the last one will be used`,
  NoEmptyContinuation: () => "Empty continuation line",
  RedundantTargetPlatform: (platform: string) =>
    `Setting platform to predefined ${platform} in FROM is redundant as this is the default behavior`,
  ReservedStageName: (name: string) =>
    `Stage name should not use the same name as reserved stage ${JSON.stringify(name)}`,
  SecretsUsedInArgOrEnv: (instruction: string, name: string) =>
    `Do not use ARG or ENV instructions for sensitive data (${instruction} ${JSON.stringify(name)})`,
  StageNameCasing: (name: string) => `Stage name '${name}' should be lowercase`,
  UndefinedArgInFrom: (name: string, near: string | undefined) =>
    `FROM argument '${name}' is not declared${near === undefined ? "" : ` (did you mean ${near}?)`}`,
  UndefinedVar: (name: string, near: string | undefined) =>
    `Usage of undefined variable '$${name}'${near === undefined ? "" : ` (did you mean $${near}?)`}`,
  WorkdirRelativePath: (path: string) =>
    `Relative workdir ${JSON.stringify(path)} can have unexpected results if the base image changes`,
} as const;

export type RuleName = keyof typeof rules;

/** Rules that are asked for only by `# check=experimental=...`. */
export const experimentalRules: readonly RuleName[] = ["InvalidDefinitionDescription"];

export interface CheckWarning {
  readonly rule: RuleName;
  readonly url: string;
  readonly message: string;
  readonly range: SourceRange;
}

export interface CheckResult {
  readonly warnings: readonly CheckWarning[];
  /** `# check=error=true`: a build with warnings fails. */
  readonly isError: boolean;
}

/** Where Docker explains a rule. */
export function urlOf(rule: RuleName): string {
  const words = rule.replace(/^JSON/, "Json").replace(/(?!^)([A-Z])/g, "-$1");
  return `https://docs.docker.com/go/dockerfile/rule/${words.toLowerCase()}/`;
}
