import type { ArgInstruction, EnvInstruction, LabelInstruction, Pair } from "./ast.ts";
import { failIn, headOf, type InstructionText, refuseFlags } from "./instruction-text.ts";
import { splitQuoted } from "./quoted-words.ts";

export function parseEnv(instruction: InstructionText): EnvInstruction {
  return { ...headOf(instruction, "ENV"), pairs: parsePairs(instruction) };
}

export function parseLabel(instruction: InstructionText): LabelInstruction {
  return { ...headOf(instruction, "LABEL"), pairs: parsePairs(instruction) };
}

/** `key=value ...`, or the old form `key value`: the first word tells which one it is. */
function parsePairs(instruction: InstructionText): Pair[] {
  refuseFlags(instruction);
  const { keyword, rest, escape: escapeCharacter } = instruction;
  const words = splitQuoted(rest, escapeCharacter);
  if (words.length === 0) throw failIn(instruction, `${keyword} requires at least one argument`);
  if (!words[0]?.includes("=")) return [parseLegacyPair(instruction)];
  return words.map((word) => {
    const equals = word.indexOf("=");
    if (equals < 0) {
      const message = `Syntax error - can't find = in ${JSON.stringify(word)}. Must be of the form: name=value`;
      throw failIn(instruction, message);
    }
    if (equals === 0) throw failIn(instruction, `${keyword} names can not be blank`);
    return { key: word.slice(0, equals), value: word.slice(equals + 1), isLegacy: false };
  });
}

function parseLegacyPair(instruction: InstructionText): Pair {
  const [, key, value] = /^([^\t\v\f\r ]+)[\t\v\f\r ]+(.*)$/s.exec(instruction.rest) ?? [];
  if (key === undefined || value === undefined) {
    throw failIn(
      instruction,
      `${instruction.keyword} must have two arguments`,
      `write ${instruction.keyword} name=value`,
    );
  }
  return { key, value, isLegacy: true };
}

export function parseArg(instruction: InstructionText): ArgInstruction {
  refuseFlags(instruction);
  const words = splitQuoted(instruction.rest, instruction.escape);
  if (words.length === 0) throw failIn(instruction, "ARG requires at least one argument");
  const declared = words.map((word) => {
    const equals = word.indexOf("=");
    if (equals === 0) throw failIn(instruction, "ARG names can not be blank");
    return equals < 0
      ? { name: word, value: undefined }
      : { name: word.slice(0, equals), value: word.slice(equals + 1) };
  });
  return { ...headOf(instruction, "ARG"), arguments: declared };
}
