import type { SourcePlace, StepFailure } from "../../build/progress.ts";

/** Lines around the place that show where one is. */
const contextLines = 2;

/** The lines of a Dockerfile around a place, the place's own marked. */
export function excerpt(text: string, { file, startLine, endLine }: SourcePlace): string[] {
  const lines = text.split("\n");
  const first = Math.max(1, startLine - contextLines);
  const last = Math.min(lines.length, endLine + contextLines);
  const width = String(last).length;
  const shown = lines.slice(first - 1, last).map((line, index) => {
    const number = first + index;
    const mark = number >= startLine && number <= endLine ? ">>>" : "   ";
    return ` ${String(number).padStart(width)} | ${mark} ${line.replace(/\r$/, "")}`.trimEnd();
  });
  while (shown.at(-1)?.endsWith("|")) shown.pop();
  const rule = "-".repeat(20);
  return [`${file}:${startLine}`, rule, ...shown, rule];
}

/** What a step that failed has to say, above the error itself. */
export function describeStepFailure({ step, lastOutput }: StepFailure, text: string, showsOutput: boolean): string[] {
  const output =
    showsOutput && lastOutput.length > 0 ? [` > ${step.text}`, ...lastOutput.map((line) => `   ${line}`)] : [];
  return [...output, ...(step.place === undefined ? [] : excerpt(text, step.place))];
}
