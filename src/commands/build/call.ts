import { checkDockerfile } from "../../build/dockerfile/check/check.ts";
import type { CheckResult } from "../../build/dockerfile/check/rules.ts";
import { parseDockerfile } from "../../build/dockerfile/parse.ts";
import type { BuildRequest } from "../../build/request.ts";
import type { Output } from "../../cli/output.ts";
import { formatTable } from "../../cli/table.ts";
import { excerpt } from "./failure-view.ts";

/** Shows what the checks say of a Dockerfile. @returns The exit code: 1 where BuildKit's is. */
export function showCheck({ dockerfile, context, variables }: BuildRequest, out: Output): number {
  const parsed = parseDockerfile(dockerfile.text, { fileName: dockerfile.name });
  const isIgnored =
    context === undefined || context.hasExceptions ? undefined : (path: string) => context.isIgnored(path);
  const result = checkDockerfile(parsed, { buildArguments: variables.args, isIgnored });
  const { warnings } = result;
  if (warnings.length === 0) out.line("Check complete, no warnings found.");
  else out.line(`Check complete, ${warnings.length} warning${warnings.length === 1 ? " has" : "s have"} been found!`);
  for (const lines of describeWarnings(result, dockerfile)) for (const line of lines) out.line(line);
  return warnings.length > 0 ? 1 : 0;
}

function describeWarnings({ warnings }: CheckResult, { text, name }: BuildRequest["dockerfile"]): string[][] {
  return warnings.map(({ rule, url, message, range }) => [
    "",
    `WARNING: ${rule} - ${url}`,
    message,
    ...excerpt(text, { file: name, ...range }),
  ]);
}

/** Lists the stages that can be built. */
export function showTargets({ dockerfile }: BuildRequest, out: Output): number {
  const { stages } = parseDockerfile(dockerfile.text, { fileName: dockerfile.name });
  const rows = stages.map((stage) => {
    const mark = stage.index === stages.length - 1 ? " (default)" : "";
    return [`${stage.name ?? stage.index}${mark}`, descriptionOf(stage.name, stage.from.comments)];
  });
  out.write(formatTable([["TARGET", "DESCRIPTION"], ...rows]));
  return 0;
}

/** Of the comment above the stage that begins with its name. */
function descriptionOf(name: string | undefined, comments: readonly string[]): string {
  const comment = name === undefined ? undefined : comments.find((line) => line.startsWith(`${name} `));
  return comment?.slice((name?.length ?? 0) + 1) ?? "";
}
