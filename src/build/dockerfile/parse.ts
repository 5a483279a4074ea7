import type {
  ArgInstruction,
  Dockerfile,
  FromInstruction,
  Heredoc,
  Instruction,
  Stage,
  StageInstruction,
} from "./ast.ts";
import { escapeCharacterOf, parseDirectives } from "./directives.ts";
import { failAt } from "./failure.ts";
import { type HeredocMark, readHeredoc } from "./heredocs.ts";
import { LineReader, type LogicalLine } from "./logical-lines.ts";
import { heredocsAfter, parseInstruction, type Setting, splitInstruction } from "./parse-instruction.ts";

/** @param fileName How messages call the file. */
export interface ParseOptions {
  readonly fileName: string;
}

/**
 * Reads a Dockerfile as BuildKit does.
 * @throws {DhowError} `invalid-argument` in one sentence that begins with `FILE:LINE: `.
 * @see https://docs.docker.com/reference/dockerfile/
 */
export function parseDockerfile(text: string, { fileName }: ParseOptions): Dockerfile {
  const lines = splitLines(text);
  const directives = parseDirectives(lines, fileName);
  const setting = { fileName, escape: escapeCharacterOf(directives, fileName) };
  const reader = new LineReader(lines, setting.escape);
  const instructions = [...readInstructions(reader, setting)];
  if (instructions.length === 0)
    throw failAt({ fileName, line: Math.max(lines.length, 1) }, "file with no instructions");
  const firstStage = instructions.findIndex(({ keyword }) => keyword === "FROM");
  return {
    ...{ fileName, text, escape: setting.escape, directives },
    globalArguments: globalArgumentsOf(firstStage < 0 ? instructions : instructions.slice(0, firstStage), fileName),
    stages: stagesOf(firstStage < 0 ? [] : instructions.slice(firstStage)),
    emptyContinuations: reader.emptyContinuations,
  };
}

/**
 * Reads a trigger that ONBUILD has left in an image.
 * @param image How messages call the image.
 * @throws {DhowError} `invalid-argument` if it is none.
 */
export function parseTrigger(trigger: string, image: string): StageInstruction {
  const setting: Setting = { fileName: `ONBUILD of ${image}`, escape: "\\" };
  const [instruction, ...more] = readInstructions(new LineReader(splitLines(trigger), "\\"), setting);
  const place = { fileName: setting.fileName, line: 1 };
  if (instruction === undefined || more.length > 0) throw failAt(place, "a trigger must be one instruction");
  if (instruction.keyword === "FROM" || instruction.keyword === "MAINTAINER" || instruction.keyword === "ONBUILD") {
    throw failAt(place, `${instruction.keyword} isn't allowed as an ONBUILD trigger`);
  }
  return instruction;
}

/** Carriage returns stay: they may belong to a here-document. */
function splitLines(text: string): string[] {
  const lines = text.replace(/^\uFEFF/, "").split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function* readInstructions(reader: LineReader, setting: Setting): Generator<Instruction> {
  for (let line = reader.next(); line !== undefined; line = reader.next()) {
    const instruction = splitInstruction(line, setting);
    const heredocs = heredocsAfter(instruction, setting).map((mark) => takeHeredoc(reader, mark, { line, setting }));
    const range = { startLine: line.range.startLine, endLine: reader.lineNumber };
    yield parseInstruction({ ...instruction, range }, heredocs);
  }
}

interface Surroundings {
  readonly line: LogicalLine;
  readonly setting: Setting;
}

function takeHeredoc(reader: LineReader, mark: HeredocMark, { line, setting }: Surroundings): Heredoc {
  const heredoc = readHeredoc(mark, () => reader.take());
  if (heredoc !== undefined) return heredoc;
  const place = { fileName: setting.fileName, line: line.range.startLine };
  throw failAt(place, `unterminated heredoc: no line says ${mark.name}`);
}

function globalArgumentsOf(instructions: readonly Instruction[], fileName: string): ArgInstruction[] {
  return instructions.map((instruction) => {
    if (instruction.keyword === "ARG") return instruction;
    const place = { fileName, line: instruction.range.startLine };
    throw failAt(place, `no build stage in current context: ${instruction.keyword} stands before the first FROM`);
  });
}

function stagesOf(instructions: readonly Instruction[]): Stage[] {
  const stages: { from: FromInstruction; instructions: StageInstruction[] }[] = [];
  for (const instruction of instructions) {
    if (instruction.keyword === "FROM") stages.push({ from: instruction, instructions: [] });
    else stages.at(-1)?.instructions.push(instruction);
  }
  return stages.map((stage, index) => ({ index, name: stage.from.as?.name.toLowerCase(), ...stage }));
}
