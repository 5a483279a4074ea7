import type { GlobalOptions } from "../engine.ts";
import type {
  CommandGroup,
  CommandSpec,
  CommandTree,
  CompletionKind,
  OperandRule,
  OptionSpec,
  OptionTable,
} from "./command.ts";
import { globalOptions } from "./globals.ts";
import { findCommand } from "./locate.ts";
import { writeAll } from "./output.ts";
import { splitShellWords } from "./shell-words.ts";

/** What completion needs of the rest of dhow. */
export interface CompletionSource {
  readonly commands: CommandTree;
  /** Names of containers or images for the given --root and the like; empty when they cannot be read. */
  listNames(kind: NameKind, globals: Pick<GlobalOptions, "root" | "runroot">): Promise<string[]>;
}

export type NameKind = Exclude<CompletionKind, "files" | "none">;

interface Candidate {
  readonly text: string;
  readonly describe?: string;
}

interface Completion {
  readonly candidates: readonly Candidate[];
  /** The shell shall offer files as well. */
  readonly files: boolean;
}

const nothing: Completion = { candidates: [], files: false };

/**
 * Writes what may stand at the end of a command line: `TEXT<tab>DESCRIPTION` lines, and `:files` when the shell shall
 * offer files too. The completion scripts (completion-scripts.ts) read this. Never fails: a shell has no place for it.
 */
export async function writeCompletions(source: CompletionSource, line: string): Promise<number> {
  try {
    const { candidates, files } = await complete(source, splitShellWords(line).slice(1));
    const lines = candidates.map(({ text, describe }) => (describe === undefined ? text : `${text}\t${describe}`));
    if (files) lines.push(":files");
    writeAll(1, lines.map((one) => `${one}\n`).join(""));
  } catch {
    // Nothing is offered.
  }
  return 0;
}

/** The candidates for the last word. */
export async function complete(source: CompletionSource, words: readonly string[]): Promise<Completion> {
  const current = words.at(-1) ?? "";
  let group: CommandGroup = { summary: "", commands: source.commands };
  let rest = words.slice(0, -1);
  const globals: Record<string, string> = {};
  for (;;) {
    const walked = walk({ options: globalOptions, interspersed: false }, rest);
    Object.assign(globals, walked.values);
    if (walked.pending) return completeValue(source, { spec: walked.pending, prefix: "", typed: current, globals });
    const [word, ...others] = walked.operands;
    if (word === undefined) return completeGroup(source, { group, current, globals });
    const node = findCommand(group.commands, word);
    if (node === undefined) return nothing;
    rest = others;
    if (!("commands" in node)) return completeCommand(source, { spec: await node.load(), rest, current, globals });
    group = node;
  }
}

type GlobalValues = Readonly<Record<string, string>>;

function completeGroup(
  source: CompletionSource,
  { group, current, globals }: { group: CommandGroup; current: string; globals: GlobalValues },
): Promise<Completion> | Completion {
  if (current.startsWith("-")) return completeFlag(source, { options: globalOptions, current, globals });
  const candidates = Object.entries(group.commands)
    .filter(([name, entry]) => !entry.hidden && name.startsWith(current))
    .map(([name, entry]) => ({ text: name, describe: entry.summary }))
    .sort((a, b) => (a.text < b.text ? -1 : 1));
  return { candidates, files: false };
}

interface CommandPlace {
  readonly spec: CommandSpec;
  readonly rest: readonly string[];
  readonly current: string;
  readonly globals: GlobalValues;
}

function completeCommand(
  source: CompletionSource,
  { spec, rest, current, globals }: CommandPlace,
): Promise<Completion> | Completion {
  // The order decides between letters: the command's own come first.
  const options = { ...spec.options, ...globalOptions, ...spec.options };
  const rule: OperandRule = spec.operands ?? { max: 0 };
  const { interspersed, max = Number.POSITIVE_INFINITY } = rule;
  const walked = walk({ options, interspersed: interspersed !== false }, rest);
  const allGlobals = { ...globals, ...walked.values };
  if (walked.pending)
    return completeValue(source, { spec: walked.pending, prefix: "", typed: current, globals: allGlobals });
  if (!walked.endedFlags && current.startsWith("-")) {
    return completeFlag(source, { options: spec.options, current, globals: allGlobals });
  }
  // Behind the image stands the container's own command line.
  if (interspersed === false && walked.operands.length > 0) return { candidates: [], files: true };
  if (walked.operands.length >= max) return nothing;
  const place = { prefix: "", typed: current, globals: allGlobals };
  return rule.choices
    ? matching(rule.choices, place)
    : completeKind(source, { kind: rule.complete ?? "files", ...place });
}

/** `--na` to `--name`, and `--sort=cr` to `--sort=created`. */
function completeFlag(
  source: CompletionSource,
  { options, current, globals }: { options: OptionTable; current: string; globals: GlobalValues },
): Promise<Completion> | Completion {
  const equals = current.indexOf("=");
  if (equals > 0) {
    const spec = findSpec({ ...globalOptions, ...options }, current.slice(0, equals));
    if (!spec) return nothing;
    const [prefix, typed] = [current.slice(0, equals + 1), current.slice(equals + 1)];
    return completeValue(source, { spec, prefix, typed, globals });
  }
  const candidates = Object.entries(options)
    .filter(([name, spec]) => !spec.hidden && `--${name}`.startsWith(current))
    .map(([name, spec]) => ({ text: `--${name}`, describe: spec.describe }))
    .sort((a, b) => (a.text < b.text ? -1 : 1));
  return { candidates: [...candidates, ...("--help".startsWith(current) ? [{ text: "--help" }] : [])], files: false };
}

interface ValuePlace {
  /** What stands in front of the value in the same word. */
  readonly prefix: string;
  readonly typed: string;
  readonly globals: GlobalValues;
}

function completeValue(
  source: CompletionSource,
  { spec, ...place }: ValuePlace & { spec: OptionSpec },
): Promise<Completion> | Completion {
  if (spec.choices) return matching(spec.choices, place);
  return completeKind(source, { kind: spec.complete ?? "none", ...place });
}

async function completeKind(
  source: CompletionSource,
  { kind, ...place }: ValuePlace & { kind: CompletionKind },
): Promise<Completion> {
  if (kind === "none") return nothing;
  if (kind === "files") return { candidates: [], files: true };
  return matching(await source.listNames(kind, place.globals), place);
}

function matching(texts: readonly string[], { prefix, typed }: ValuePlace): Completion {
  const candidates = texts.filter((text) => text.startsWith(typed)).map((text) => ({ text: `${prefix}${text}` }));
  return { candidates, files: false };
}

interface Walked {
  readonly operands: readonly string[];
  /** The flag whose value the last word is. */
  readonly pending: OptionSpec | undefined;
  /** Whether `--` or the first operand has ended the flags. */
  readonly endedFlags: boolean;
  readonly values: GlobalValues;
}

/** Reads complete words without complaint: what is typed so far may be wrong. */
function walk(
  { options, interspersed }: { options: OptionTable; interspersed: boolean },
  words: readonly string[],
): Walked {
  const values: Record<string, string> = {};
  const operands: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    if (word === "--")
      return { operands: [...operands, ...words.slice(at + 1)], pending: undefined, endedFlags: true, values };
    if (word.length < 2 || word[0] !== "-") {
      if (!interspersed) return { operands: words.slice(at), pending: undefined, endedFlags: true, values };
      operands.push(word);
      continue;
    }
    const spec = flagThatNeedsValue(options, word);
    if (!spec) continue;
    const value = words[++at];
    if (value === undefined) return { operands, pending: spec, endedFlags: false, values };
    values[word.replace(/^-+/, "")] = value;
  }
  return { operands, pending: undefined, endedFlags: false, values };
}

/** The flag in a word whose value must be the next word. */
function flagThatNeedsValue(options: OptionTable, word: string): OptionSpec | undefined {
  if (word.includes("=")) return undefined;
  if (word.startsWith("--")) {
    const spec = findSpec(options, word);
    return spec && needsValue(spec) ? spec : undefined;
  }
  // In -itv, the first letter that takes a value takes the rest of the word.
  for (let at = 1; at < word.length; at++) {
    const spec = Object.values(options).find(({ short }) => short === word[at]);
    if (spec && needsValue(spec)) return at === word.length - 1 ? spec : undefined;
  }
  return undefined;
}

function needsValue({ type, valueIfBare }: OptionSpec): boolean {
  return type !== "boolean" && type !== "count" && valueIfBare === undefined;
}

function findSpec(options: OptionTable, flag: string): OptionSpec | undefined {
  const name = flag.replace(/^-+/, "");
  return Object.entries(options).find(([key, spec]) => key === name || spec.aliases?.includes(name))?.[1];
}
