import type { CommandLine } from "./ast.ts";
import { bodyOf, parseHeredocMark } from "./heredocs.ts";

/** What RUN has to run. */
export type RunScript =
  /** For the shell that SHELL says. */
  | { readonly kind: "shell"; readonly text: string }
  | { readonly kind: "words"; readonly words: readonly string[] }
  /** A program of its own (`#!`), to be run as a file of that name. */
  | { readonly kind: "program"; readonly name: string; readonly content: string };

/** A here-document that is all there is, is the script; the others are the shell's to read. */
export function runScriptOf(command: CommandLine): RunScript {
  if (command.form === "exec") return { kind: "words", words: command.words };
  const { text, heredocs } = command;
  const [first] = heredocs;
  if (first === undefined) return { kind: "shell", text };
  if (parseHeredocMark(text) === undefined) {
    const bodies = heredocs.map(({ content, name }) => `\n${content}${name}`);
    return { kind: "shell", text: text + bodies.join("") };
  }
  const body = bodyOf(first);
  return body.startsWith("#!") ? { kind: "program", name: first.name, content: body } : { kind: "shell", text: body };
}
