import { DhowError } from "../errors.ts";
import type { OptionSpec, OptionTable } from "./command.ts";

type Scalar = boolean | string | number;
export type FlagValue = Scalar | Scalar[] | undefined;

/** How one command line is read. */
export interface FlagGrammar {
  readonly options: OptionTable;
  /** The flags of every command, which are known everywhere but where the command has one of the same name. */
  readonly globals?: OptionTable;
  /** False: the first operand ends the flags. */
  readonly interspersed?: boolean;
}

export interface ParsedFlags {
  /** By long name, with defaults. */
  readonly options: Record<string, FlagValue>;
  /** Only those that were given. */
  readonly globals: Record<string, FlagValue>;
  readonly operands: readonly string[];
  readonly changed: ReadonlySet<string>;
  /** --help was given (or -h where it means nothing else). */
  readonly wantsHelp: boolean;
}

/**
 * Reads flags as Podman's and Docker's parser (pflag) does.
 * @throws {DhowError} `invalid-argument` in pflag's words, without a hint.
 */
export function parseFlags(grammar: FlagGrammar, argv: readonly string[]): ParsedFlags {
  const state: ParserState = {
    grammar,
    argv,
    next: 0,
    result: { options: {}, globals: {}, operands: [], changed: new Set(), wantsHelp: false },
  };
  while (state.next < argv.length && !state.result.wantsHelp) readArgument(state);
  fillDefaults(grammar.options, state.result.options);
  return state.result;
}

interface ParserState {
  readonly grammar: FlagGrammar;
  readonly argv: readonly string[];
  next: number;
  readonly result: {
    options: Record<string, FlagValue>;
    globals: Record<string, FlagValue>;
    operands: string[];
    changed: Set<string>;
    wantsHelp: boolean;
  };
}

function readArgument(state: ParserState): void {
  const argument = state.argv[state.next++] as string;
  if (argument === "--") {
    takeRest(state);
  } else if (argument.length < 2 || argument[0] !== "-") {
    state.result.operands.push(argument);
    if (state.grammar.interspersed === false) takeRest(state);
  } else if (argument[1] === "-") {
    readLong(state, argument);
  } else {
    readShorts(state, argument);
  }
}

function takeRest(state: ParserState): void {
  for (; state.next < state.argv.length; state.next++) state.result.operands.push(state.argv[state.next] as string);
}

function readLong(state: ParserState, argument: string): void {
  const equals = argument.indexOf("=");
  const given = equals < 0 ? argument.slice(2) : argument.slice(2, equals);
  if (given === "" || given[0] === "-") throw invalid(`bad flag syntax: ${argument}`);
  const flag = findLong(state.grammar, given);
  if (flag === undefined) {
    if (given !== "help") throw invalid(`unknown flag: --${given}`);
    state.result.wantsHelp = true;
    return;
  }
  const bare = bareValue(flag.spec);
  if (equals >= 0) assign(state, flag, argument.slice(equals + 1));
  else assign(state, flag, bare ?? nextValue(state, `--${given}`));
}

function readShorts(state: ParserState, argument: string): void {
  for (let at = 1; at < argument.length; at++) {
    const letter = argument[at] as string;
    const flag = findShort(state.grammar, letter);
    if (flag === undefined) {
      if (letter !== "h") throw invalid(`unknown shorthand flag: '${letter}' in -${argument.slice(at)}`);
      state.result.wantsHelp = true;
      return;
    }
    const rest = argument.slice(at + 1);
    const bare = bareValue(flag.spec);
    if (bare === undefined || isAssignment(rest)) {
      assign(
        state,
        flag,
        isAssignment(rest) ? rest.slice(1) : rest || nextValue(state, `'${letter}' in -${argument.slice(at)}`),
      );
      return;
    }
    assign(state, flag, bare);
  }
}

/** Whether `=value` stands behind a letter. In `-e=`, the value is the equals sign itself. */
function isAssignment(rest: string): boolean {
  return rest.length > 1 && rest[0] === "=";
}

function nextValue(state: ParserState, flag: string): string {
  const value = state.argv[state.next++];
  if (value === undefined) throw invalid(`flag needs an argument: ${flag}`);
  return value;
}

interface FoundFlag {
  readonly name: string;
  readonly spec: OptionSpec;
  readonly isGlobal: boolean;
}

function findLong({ options, globals }: FlagGrammar, given: string): FoundFlag | undefined {
  return findIn(options, given, false) ?? (globals && findIn(globals, given, true));
}

function findIn(table: OptionTable, given: string, isGlobal: boolean): FoundFlag | undefined {
  const own = Object.hasOwn(table, given) ? table[given] : undefined;
  if (own) return { name: given, spec: own, isGlobal };
  for (const name in table) {
    const spec = table[name] as OptionSpec;
    if (spec.aliases?.includes(given)) return { name, spec, isGlobal };
  }
  return undefined;
}

function findShort({ options, globals }: FlagGrammar, letter: string): FoundFlag | undefined {
  const find = (table: OptionTable, isGlobal: boolean) => {
    for (const name in table) {
      const spec = table[name] as OptionSpec;
      if (spec.short === letter) return { name, spec, isGlobal };
    }
    return undefined;
  };
  return find(options, false) ?? (globals && find(globals, true));
}

/** What the flag means when no value stands behind it; undefined if it needs one. */
function bareValue(spec: OptionSpec): string | undefined {
  if (spec.type === "boolean") return spec.valueIfBare ?? "true";
  if (spec.type === "count") return "+1";
  return spec.valueIfBare;
}

function assign({ result }: ParserState, { name, spec, isGlobal }: FoundFlag, raw: string): void {
  const values = isGlobal ? result.globals : result.options;
  const value = convert(name, spec, raw);
  if (spec.array) {
    const given = values[name];
    values[name] = Array.isArray(given) ? [...given, value] : [value];
  } else if (spec.type === "count" && raw === "+1") {
    values[name] = ((values[name] as number | undefined) ?? 0) + 1;
  } else {
    values[name] = value;
  }
  if (!isGlobal) result.changed.add(name);
}

function convert(name: string, spec: OptionSpec, raw: string): Scalar {
  switch (spec.type) {
    case "boolean":
      return convertBoolean(name, spec, raw);
    case "number":
      return convertNumber(name, spec, raw);
    case "count":
      return raw === "+1" ? 1 : convertNumber(name, spec, raw);
    case "string":
      if (spec.choices && !spec.choices.includes(raw)) {
        throw invalidValue(
          { name, spec, raw },
          `must be one of ${spec.choices.map((one) => JSON.stringify(one)).join(", ")}`,
        );
      }
      return raw;
  }
}

function convertBoolean(name: string, spec: OptionSpec, raw: string): boolean {
  if (/^(1|t|T|TRUE|true|True)$/.test(raw)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(raw)) return false;
  throw invalidValue({ name, spec, raw }, `strconv.ParseBool: parsing ${JSON.stringify(raw)}: invalid syntax`);
}

function convertNumber(name: string, spec: OptionSpec, raw: string): number {
  const form = spec.fraction
    ? /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
    : /^[+-]?(0x[0-9a-f]+|0o?[0-7]+|0b[01]+|0|[1-9]\d*)$/i;
  const kind = spec.fraction ? "ParseFloat" : "ParseInt";
  const problem = (what: string) =>
    invalidValue({ name, spec, raw }, `strconv.${kind}: parsing ${JSON.stringify(raw)}: ${what}`);
  if (!form.test(raw)) throw problem("invalid syntax");
  const digits = raw.replace(/^[+-]/, "").replace(/^0(?=[0-7])/, spec.fraction ? "0" : "0o");
  const value = Number(digits) * (raw[0] === "-" ? -1 : 1);
  if (!spec.fraction && !Number.isSafeInteger(value)) throw problem("value out of range");
  return value === 0 ? 0 : value;
}

function fillDefaults(table: OptionTable, values: Record<string, FlagValue>): void {
  for (const name in table) {
    const spec = table[name] as OptionSpec;
    if (values[name] === undefined) values[name] = defaultOf(spec);
  }
}

function defaultOf(spec: OptionSpec): FlagValue {
  if (spec.array) return [...((spec.default as readonly Scalar[] | undefined) ?? [])];
  if (spec.default !== undefined) return spec.default as Scalar;
  if (spec.type === "boolean") return false;
  return spec.type === "count" ? 0 : undefined;
}

function invalidValue({ name, spec, raw }: { name: string; spec: OptionSpec; raw: string }, reason: string): DhowError {
  const flag = spec.short ? `-${spec.short}, --${name}` : `--${name}`;
  return invalid(`invalid argument ${JSON.stringify(raw)} for "${flag}" flag: ${reason}`);
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
