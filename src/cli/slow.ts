import { DhowError } from "../errors.ts";
import { suggest } from "../model/suggest.ts";
import type { CommandEntry, CommandGroup, CommandSpec, OptionTable } from "./command.ts";
import { parseFlags } from "./flags.ts";
import { globalOptions, helpedGlobals, parsedGlobalOptions } from "./globals.ts";
import { findCommand, type LocatedGroup, type UnknownWord } from "./locate.ts";
import { writeAll } from "./output.ts";
import type { Program } from "./program.ts";

/** Everything that is neither a command nor fast: help, the version line, unknown commands, completion. */
export async function runSpecial(
  program: Program,
  located: LocatedGroup | UnknownWord | { readonly kind: "version" },
): Promise<number> {
  switch (located.kind) {
    case "version":
      writeAll(1, `${program.name} version ${program.version}\n`);
      return 0;
    case "group":
      writeAll(
        1,
        await (await import("./help.ts")).groupHelp(
          located.path,
          located.group,
          located.path === program.name ? helpedGlobals(located.globals) : undefined,
        ),
      );
      if (located.wantsHelp) return 0;
      throw new DhowError(`missing command '${located.path} COMMAND'`, { kind: "invalid-argument" });
    case "unknown":
      if (located.path === program.name && located.word === "help") return showHelpFor(program, located.rest);
      checkFlagsAfter(located);
      throw unknownCommand(located);
  }
}

/** Shows a command's help on stdout. @returns The exit code. */
export async function showCommandHelp(
  _program: Program,
  command: { path: string; entry: CommandEntry; spec: CommandSpec },
): Promise<number> {
  writeAll(1, await (await import("./help.ts")).commandHelp(command));
  return 0;
}

/** A wrong flag behind an unknown command is what Podman complains of. */
function checkFlagsAfter({ path, rest }: UnknownWord): void {
  try {
    parseFlags({ options: {}, globals: parsedGlobalOptions }, rest);
  } catch (error) {
    throw explainFlagError(error, path, {});
  }
}

/** A failure of the flag parser with what the user may have meant and where to read on. */
export function explainFlagError(error: unknown, path: string, options: OptionTable): unknown {
  if (!(error instanceof DhowError)) return error;
  const unknown = /^unknown flag: --(.*)$/.exec(error.message)?.[1];
  const names = visibleFlags({ ...globalOptions, ...options });
  const [nearest] = unknown === undefined ? [] : suggest(unknown, names);
  const suggestion = nearest === undefined ? "" : `Did you mean --${nearest}?\n`;
  return new DhowError(error.message, { kind: error.kind, hint: `${suggestion}See '${path} --help'` });
}

function visibleFlags(options: OptionTable): string[] {
  return Object.entries(options).flatMap(([name, spec]) => (spec.hidden ? [] : [name, ...(spec.aliases ?? [])]));
}

function unknownCommand({ path, group, word }: UnknownWord): DhowError {
  const names = Object.entries(group.commands).flatMap(([name, entry]) =>
    entry.hidden ? [] : [name, ...(entry.aliases ?? [])],
  );
  const meant = suggest(word, names);
  const suggestion = meant.length === 0 ? "" : `\nDid you mean this?\n${meant.map((name) => `\t${name}\n`).join("")}\n`;
  return new DhowError(`unrecognized command \`${path} ${word}\``, {
    kind: "invalid-argument",
    hint: `${suggestion}Try '${path} --help' for more information`,
  });
}

/** `dhow help image ls`. */
async function showHelpFor(program: Program, words: readonly string[]): Promise<number> {
  let path = program.name;
  let node: CommandEntry | CommandGroup = { summary: "", commands: program.commands };
  for (const word of words) {
    if (word.startsWith("-") || !("commands" in node)) break;
    const found: CommandEntry | CommandGroup | undefined = findCommand(node.commands, word);
    if (found === undefined) throw unknownCommand({ kind: "unknown", path, group: node, word, rest: [] });
    node = found;
    path = `${path} ${word}`;
  }
  if ("commands" in node) {
    writeAll(
      1,
      await (await import("./help.ts")).groupHelp(path, node, path === program.name ? helpedGlobals({}) : undefined),
    );
    return 0;
  }
  return showCommandHelp(program, { path, entry: node, spec: await node.load() });
}
