import { DhowError } from "../../errors.ts";

/** A mistake in a template's text, as Go words it: `template: ps:1: unexpected "}" in operand`. */
export function syntaxError(name: string, text: string, at: number, message: string): DhowError {
  return new DhowError(`template: ${name}:${lineOf(text, at)}: ${message}`, { kind: "invalid-argument" });
}

/** A failure while a template runs: `template: ps:1:2: executing "ps" at <.Foo>: ...`. */
export function executionError(options: {
  readonly name: string;
  readonly text: string;
  readonly at: number;
  /** The template that runs: the whole, or one that it defines. */
  readonly executing: string;
  readonly node: string;
  readonly message: string;
}): DhowError {
  const { name, text, at, executing, node, message } = options;
  const column = at - (text.lastIndexOf("\n", at - 1) + 1);
  const shown = [...node].length > 20 ? `${[...node].slice(0, 20).join("")}...` : node;
  return new DhowError(
    `template: ${name}:${lineOf(text, at)}:${column}: executing ${JSON.stringify(executing)} at <${shown}>: ${message}`,
    { kind: "invalid-argument" },
  );
}

function lineOf(text: string, at: number): number {
  return text.slice(0, at).split("\n").length;
}
