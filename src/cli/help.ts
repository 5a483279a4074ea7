import yargs from "yargs";
import type {
  CommandEntry,
  CommandGroup,
  CommandSpec,
  CommandTopic,
  CommandTree,
  OptionSpec,
  OptionTable,
} from "./command.ts";
import { terminalWidth } from "./output.ts";

/** In this order, with an empty line between. No headings: scripts take the first word of each line for a command. */
const topics: readonly CommandTopic[] = ["containers", "images", "registries", "system", "groups"];

/** Help of one command. */
export function commandHelp({ path, spec }: { path: string; entry: CommandEntry; spec: CommandSpec }): Promise<string> {
  const head = [
    spec.summary,
    section("Description", spec.description === undefined ? [] : spec.description.split("\n")),
    section("Usage", [`${path} ${spec.usage}`.trimEnd()]),
    section("Examples", spec.examples ?? []),
  ];
  return render(head, spec.options);
}

/** Help of a group, or of dhow itself: its commands, and the flags that stand before them. */
/** @param globals Shown for dhow itself; undefined for a group. */
export function groupHelp(path: string, group: CommandGroup, globals: OptionTable | undefined): Promise<string> {
  const head = globals
    ? [
        "Run containers without root and without a daemon",
        section("Usage", [`${path} [options] [command]`]),
        rootCommands(group.commands),
      ]
    : [
        group.summary,
        section("Usage", [`${path} [command]`]),
        section("Available Commands", commandLines(group.commands)),
      ];
  return render(head, globals ?? {});
}

function rootCommands(tree: CommandTree): string {
  const width = nameWidth(tree);
  const blocks = [...topics, undefined].map((topic) => {
    const members = Object.entries(tree).filter(([, entry]) => entry.topic === topic);
    return commandLines(Object.fromEntries(members), width).map((line) => `  ${line}`);
  });
  const filled = blocks.filter((lines) => lines.length > 0).map((lines) => lines.join("\n"));
  return `Available Commands:\n${filled.join("\n\n")}`;
}

function commandLines(tree: CommandTree, width = nameWidth(tree)): string[] {
  return Object.keys(tree)
    .sort()
    .filter((name) => !tree[name]?.hidden)
    .map((name) => `${name.padEnd(width)}  ${tree[name]?.summary}`);
}

function nameWidth(tree: CommandTree): number {
  return Math.max(0, ...Object.keys(tree).map((name) => name.length));
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : [`${title}:`, ...lines.map((line) => `  ${line}`)].join("\n");
}

/** The head as it is, and the flags as yargs lays them out. */
async function render(head: readonly string[], options: OptionTable): Promise<string> {
  const text = head.filter((part) => part !== "").join("\n\n");
  const visible = Object.keys(options)
    .sort()
    .filter((name) => !options[name]?.hidden);
  if (visible.length === 0) return `${text}\n`;
  // For programs each flag is one line, as in Podman.
  const width = terminalWidth(1);
  const parser = yargs([])
    .scriptName("")
    .detectLocale(false)
    .parserConfiguration({ "dot-notation": false, "camel-case-expansion": false, "boolean-negation": false })
    .help(false)
    .version(false)
    .wrap(width === undefined ? null : Math.min(width, 140));
  for (const name of visible) parser.option(...(await toYargs(name, options[name] as OptionSpec)));
  return `${text}\n\n${(await parser.getHelp()).trimEnd()}\n`;
}

async function toYargs(name: string, spec: OptionSpec): Promise<[string, Record<string, unknown>]> {
  const shownDefault = spec.configuredDefault ? await spec.configuredDefault() : spec.default;
  const valueName = spec.type === "boolean" || spec.type === "count" ? "" : ` ${spec.valueName ?? typeName(spec)}`;
  return [
    `${name}${valueName}`,
    {
      describe: `${spec.describe}${defaultText(shownDefault)}`,
      ...(spec.short === undefined ? {} : { alias: spec.short }),
      ...(spec.choices === undefined ? {} : { choices: spec.choices }),
    },
  ];
}

/** As pflag writes it: `(default 3)`, `(default "5s")`. */
function defaultText(value: OptionSpec["default"]): string {
  if (value === undefined || value === false || value === "" || (Array.isArray(value) && value.length === 0)) return "";
  return ` (default ${Array.isArray(value) ? `[${value.join(",")}]` : JSON.stringify(value)})`;
}

function typeName(spec: OptionSpec): string {
  if (spec.type === "string") return spec.array ? "strings" : "string";
  return spec.fraction ? "float" : "int";
}
