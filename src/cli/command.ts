import type { Engine, GlobalOptions } from "../engine.ts";
import type { Output } from "./output.ts";

/** What kind of name a shell completes at a place of the command line. */
export type CompletionKind =
  | "artifacts"
  | "containers"
  | "running-containers"
  | "images"
  | "pods"
  | "networks"
  | "volumes"
  | "secrets"
  | "files"
  | "none";

/** One flag, as pflag understands it. The table of these drives parsing, help, errors and completion. */
export interface OptionSpec {
  readonly type: "boolean" | "string" | "number" | "count";
  /** A number that may have a decimal fraction; without it, only whole numbers are taken. */
  readonly fraction?: true;
  /** May be given several times; each occurrence is one element (never split at commas here). */
  readonly array?: true;
  /** One letter. */
  readonly short?: string;
  /** Further long names, as `net` for `network`. */
  readonly aliases?: readonly string[];
  readonly describe: string;
  /** How the value is called in help: `--name string`. */
  readonly valueName?: string;
  readonly default?: boolean | string | number | readonly string[];
  /** What help shows as the default, where a configuration says it. */
  readonly configuredDefault?: () => Promise<string | number | undefined>;
  /** The value of the flag given without `=value` (pflag's NoOptDefVal). */
  readonly valueIfBare?: string;
  readonly choices?: readonly string[];
  readonly complete?: CompletionKind;
  readonly hidden?: true;
}

export type OptionTable = Readonly<Record<string, OptionSpec>>;

type ScalarOf<T extends { type: string }> = T["type"] extends "boolean"
  ? boolean
  : T["type"] extends "string"
    ? string
    : number;
type ValueOf<T extends { type: string }> = T extends { array: true }
  ? ScalarOf<T>[]
  : T extends { default: unknown } | { type: "count" } | { type: "boolean" }
    ? ScalarOf<T>
    : ScalarOf<T> | undefined;

/** Parsed values by long name: arrays are never undefined, booleans default to false, counts to 0. */
export type OptionValues<T extends OptionTable> = { readonly [K in keyof T]: ValueOf<T[K]> };

export interface OperandRule {
  readonly min?: number;
  readonly max?: number;
  /** False: everything from the first operand on is an operand, as after `run IMAGE`. */
  readonly interspersed?: false;
  readonly complete?: CompletionKind;
  /** The words that an operand may be, for completion. */
  readonly choices?: readonly string[];
}

export interface CommandContext {
  /** Opened on first use; commands that never ask for it open nothing. */
  readonly engine: Engine;
  readonly globals: GlobalOptions;
  readonly out: Output;
}

export interface Invocation<T extends OptionTable> {
  readonly options: OptionValues<T>;
  readonly operands: readonly string[];
  /** Whether the user gave the flag, whatever its value. */
  changed(name: keyof T & string): boolean;
}

export interface CommandSpec<T extends OptionTable = OptionTable> {
  /** Behind the command's path, as in `[options] IMAGE [COMMAND [ARG...]]`. */
  readonly usage: string;
  readonly summary: string;
  readonly description?: string;
  readonly examples?: readonly string[];
  readonly options: T;
  readonly operands?: OperandRule;
  /** False for commands that run as the plain user, outside of the user's namespaces (version, doctor, completion), or what tells that from the flags that were given (login). Default true. */
  readonly needsNamespace?: false | ((changed: ReadonlySet<string>) => boolean);
  /** Shows results through `context.out`. @returns The exit code, 0 when undefined. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a command without an exit code of its own returns nothing
  run(invocation: Invocation<T>, context: CommandContext): Promise<number | void> | number | void;
}

/** One command in the table: what help needs at once, and how to load the rest. */
export interface CommandEntry {
  readonly summary: string;
  /** Further names, as `ls` for `image list`. */
  readonly aliases?: readonly string[];
  readonly hidden?: true;
  /** The heading that root help lists it under. */
  readonly topic?: CommandTopic;
  readonly load: () => Promise<CommandSpec>;
}

/** Commands under a common word, as `dhow image ...`. */
export interface CommandGroup {
  readonly summary: string;
  readonly aliases?: readonly string[];
  readonly hidden?: true;
  readonly topic?: CommandTopic;
  readonly commands: CommandTree;
}

export type CommandTopic = "containers" | "images" | "registries" | "system" | "groups";

export type CommandTree = Readonly<Record<string, CommandEntry | CommandGroup>>;

/** Infers the option types of a command from its table. */
export function defineCommand<const T extends OptionTable>(spec: CommandSpec<T>): CommandSpec<T> {
  return spec;
}
