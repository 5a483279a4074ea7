import { DhowError } from "../../errors.ts";
import type {
  AddInstruction,
  CopyInstruction,
  EscapeCharacter,
  Instruction,
  Pair,
  RunInstruction,
  RunMount,
  Variables,
} from "./ast.ts";
import { failAt } from "./failure.ts";
import { expandWord, expandWords } from "./lexer.ts";
import { parseRunMount } from "./mounts.ts";

/** Where words of a Dockerfile are expanded. */
export interface ExpansionScope {
  readonly fileName: string;
  readonly escape: EscapeCharacter;
  /** The values before the instruction: several settings in one line do not see one another. */
  readonly variables: Variables;
}

type Expand = (word: string) => string;

/**
 * The instruction with the values of variables in it, where the reference has them expanded. Commands (RUN, CMD, ENTRYPOINT,
 * HEALTHCHECK) stay as they are, since that is the shell's work; so do SHELL, MAINTAINER and triggers.
 * @throws {DhowError} `invalid-argument` with the place in front for words that cannot be expanded.
 */
export function expandInstruction<T extends Instruction>(instruction: T, scope: ExpansionScope): T {
  return atPlace(instruction, scope, () => ({ ...instruction, ...expandedPart(instruction, scope) }));
}

/**
 * What --mount of an instruction says, values of variables put in.
 * @throws {DhowError} `invalid-argument` with the place in front.
 */
export function resolveMounts(instruction: RunInstruction, scope: ExpansionScope): RunMount[] {
  const expand = expanderOf(scope);
  return atPlace(instruction, scope, () => instruction.mounts.map((mount) => parseRunMount(mount, expand)));
}

function atPlace<T>(instruction: Instruction, { fileName }: ExpansionScope, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof DhowError)) throw error;
    throw failAt({ fileName, line: instruction.range.startLine }, error.message, error.hint);
  }
}

function expanderOf({ escape: escapeCharacter, variables }: ExpansionScope): Expand {
  return (word) => expandWord(word, { escape: escapeCharacter, variables });
}

function expandedPart(instruction: Instruction, scope: ExpansionScope): Partial<Instruction> {
  const expand = expanderOf(scope);
  switch (instruction.keyword) {
    case "ADD":
      return { ...expandFiles(instruction, scope), checksum: optional(instruction.checksum, expand) };
    case "COPY":
      return { ...expandFiles(instruction, scope), from: optional(instruction.from, expand) };
    case "ARG":
      return {
        arguments: instruction.arguments.map(({ name, value }) => ({
          name: expand(name),
          value: optional(value, expand),
        })),
      };
    case "ENV":
    case "LABEL":
      return { pairs: instruction.pairs.map((pair) => expandPair(pair, expand)) };
    case "EXPOSE":
      return { ports: instruction.ports.flatMap((port) => expandWords(port, { ...scope })) };
    case "FROM":
      return { base: expand(instruction.base), platform: optional(instruction.platform, expand) };
    case "STOPSIGNAL":
      return { signal: expand(instruction.signal) };
    case "USER":
      return { user: expand(instruction.user) };
    case "VOLUME":
      return { paths: instruction.paths.map(expand) };
    case "WORKDIR":
      return { path: expand(instruction.path) };
    default:
      return {};
  }
}

function optional(word: string | undefined, expand: Expand): string | undefined {
  return word === undefined ? undefined : expand(word);
}

function expandPair({ key, value, isLegacy }: Pair, expand: Expand): Pair {
  return { key: expand(key), value: expand(value), isLegacy };
}

function expandFiles(instruction: AddInstruction | CopyInstruction, scope: ExpansionScope) {
  const expand = expanderOf(scope);
  // A here-document is the shell's: quotes in it are letters, and a backslash escapes whatever the directive says.
  const expandBody: Expand = (body) =>
    expandWord(body, { escape: "\\", variables: scope.variables, ignoresQuotes: true });
  return {
    sources: instruction.sources.map(expand),
    inlineFiles: instruction.inlineFiles.map((file) =>
      file.isExpanded ? { ...file, content: expandBody(file.content) } : file,
    ),
    destination: expand(instruction.destination),
    chown: optional(instruction.chown, expand),
    chmod: optional(instruction.chmod, expand),
    excludes: instruction.excludes.map(expand),
  };
}
