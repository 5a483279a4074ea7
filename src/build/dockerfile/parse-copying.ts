import type { AddInstruction, CopyInstruction, InlineFile } from "./ast.ts";
import { bodyOf, parseHeredocMark } from "./heredocs.ts";
import { failIn, flagsOf, headOf, type InstructionText, wordsOf } from "./instruction-text.ts";

export function parseCopy(instruction: InstructionText): CopyInstruction {
  const flags = flagsOf(instruction, {
    ...{ chown: "string", chmod: "string", link: "boolean", exclude: "strings" },
    ...{ from: "string", parents: "boolean" },
  });
  return {
    ...headOf(instruction, "COPY"),
    ...parseFiles(instruction),
    chown: flags.string("chown"),
    chmod: flags.string("chmod"),
    link: flags.boolean("link") ?? false,
    excludes: flags.strings("exclude"),
    from: flags.string("from"),
    parents: flags.boolean("parents") ?? false,
  };
}

export function parseAdd(instruction: InstructionText): AddInstruction {
  const flags = flagsOf(instruction, {
    ...{ chown: "string", chmod: "string", link: "boolean", exclude: "strings" },
    ...{ checksum: "string", "keep-git-dir": "boolean", unpack: "boolean" },
  });
  return {
    ...headOf(instruction, "ADD"),
    ...parseFiles(instruction),
    chown: flags.string("chown"),
    chmod: flags.string("chmod"),
    link: flags.boolean("link") ?? false,
    excludes: flags.strings("exclude"),
    checksum: flags.string("checksum"),
    keepGitDir: flags.boolean("keep-git-dir"),
    unpack: flags.boolean("unpack"),
  };
}

function parseFiles(instruction: InstructionText) {
  const { keyword } = instruction;
  const words = wordsOf(instruction);
  const destination = words.pop();
  if (destination === undefined || words.length === 0) {
    const found = destination === undefined ? "none were" : "only one was";
    const message = `${keyword} requires at least two arguments, but ${found} provided. Destination could not be determined`;
    throw failIn(instruction, message);
  }
  if (parseHeredocMark(destination)) throw failIn(instruction, `${keyword} cannot accept a heredoc as a destination`);
  const sources: string[] = [];
  const inlineFiles: InlineFile[] = [];
  for (const word of words) {
    const file = inlineFileOf(instruction, word);
    if (file === undefined) sources.push(word);
    else inlineFiles.push(file);
  }
  return { sources, inlineFiles, destination };
}

function inlineFileOf({ heredocs }: InstructionText, word: string): InlineFile | undefined {
  const name = parseHeredocMark(word)?.name;
  const heredoc = heredocs.findLast((one) => one.name === name);
  return heredoc && { name: heredoc.name, content: bodyOf(heredoc), isExpanded: heredoc.isExpanded };
}
