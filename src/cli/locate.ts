import { DhowError } from "../errors.ts";
import type { CommandEntry, CommandGroup, CommandTree } from "./command.ts";
import { type FlagValue, parseFlags } from "./flags.ts";
import { parsedGlobalOptions } from "./globals.ts";

/** What the words of a command line lead to. `path` is as `dhow image`. */
export type Located = LocatedCommand | LocatedGroup | UnknownWord | { readonly kind: "version" };

export interface LocatedCommand {
  readonly kind: "command";
  readonly path: string;
  readonly entry: CommandEntry;
  readonly rest: readonly string[];
  readonly globals: GivenGlobals;
}

/** The line ends where a command is needed; with `wantsHelp`, on purpose. */
export interface LocatedGroup {
  readonly kind: "group";
  readonly path: string;
  readonly group: CommandGroup;
  readonly wantsHelp: boolean;
  readonly globals: GivenGlobals;
}

export interface UnknownWord {
  readonly kind: "unknown";
  /** The path of the group that has no such command. */
  readonly path: string;
  readonly group: CommandGroup;
  readonly word: string;
  readonly rest: readonly string[];
}

export type GivenGlobals = Readonly<Record<string, FlagValue>>;

/**
 * Finds the command that a command line names, reading the global flags on the way.
 * @throws {DhowError} `invalid-argument` for a wrong global flag.
 */
export function locate(name: string, commands: CommandTree, argv: readonly string[]): Located {
  let path = name;
  let group: CommandGroup = { summary: "", commands };
  let rest = argv;
  let globals: GivenGlobals = {};
  for (;;) {
    const flags = readGroupFlags(path, rest);
    globals = { ...globals, ...flags.globals };
    const [word, ...others] = flags.operands;
    if (globals.version === true) return { kind: "version" };
    if (flags.wantsHelp || word === undefined)
      return { kind: "group", path, group, wantsHelp: flags.wantsHelp, globals };
    const node = findCommand(group.commands, word);
    if (node === undefined) return { kind: "unknown", path, group, word, rest: others };
    path = `${path} ${word}`;
    rest = others;
    if (!("commands" in node)) return { kind: "command", path, entry: node, rest, globals };
    group = node;
  }
}

/** A command or group by its name or alias. */
export function findCommand(tree: CommandTree, word: string): CommandEntry | CommandGroup | undefined {
  if (Object.hasOwn(tree, word)) return tree[word];
  for (const name in tree) {
    if (tree[name]?.aliases?.includes(word)) return tree[name];
  }
  return undefined;
}

function readGroupFlags(path: string, rest: readonly string[]) {
  const [first] = rest;
  if (first !== undefined && first[0] !== "-") return { operands: rest, globals: {}, wantsHelp: false };
  try {
    return parseFlags({ options: {}, globals: parsedGlobalOptions, interspersed: false }, rest);
  } catch (error) {
    if (!(error instanceof DhowError)) throw error;
    throw new DhowError(error.message, { kind: error.kind, cause: error, hint: `See '${path} --help'` });
  }
}
