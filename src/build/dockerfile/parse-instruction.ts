import { suggest } from "../../model/suggest.ts";
import type {
  EscapeCharacter,
  ExposeInstruction,
  FromInstruction,
  Heredoc,
  Instruction,
  Keyword,
  MaintainerInstruction,
  OnbuildInstruction,
  StopsignalInstruction,
  UserInstruction,
  VolumeInstruction,
  WorkdirInstruction,
} from "./ast.ts";
import { failAt } from "./failure.ts";
import { splitFlags } from "./flags.ts";
import { findHeredocs, type HeredocMark } from "./heredocs.ts";
import {
  failIn,
  flagsOf,
  headOf,
  type InstructionText,
  parseJsonWords,
  refuseFlags,
  singleArgument,
  splitAtSpaces,
  wordsOf,
} from "./instruction-text.ts";
import type { LogicalLine } from "./logical-lines.ts";
import { parseCmd, parseEntrypoint, parseHealthcheck, parseRun, parseShell } from "./parse-commands.ts";
import { parseAdd, parseCopy } from "./parse-copying.ts";
import { parseArg, parseEnv, parseLabel } from "./parse-pairs.ts";

const parsers: Readonly<Record<Keyword, (instruction: InstructionText) => Instruction>> = {
  ADD: parseAdd,
  ARG: parseArg,
  CMD: parseCmd,
  COPY: parseCopy,
  ENTRYPOINT: parseEntrypoint,
  ENV: parseEnv,
  EXPOSE: parseExpose,
  FROM: parseFrom,
  HEALTHCHECK: parseHealthcheck,
  LABEL: parseLabel,
  MAINTAINER: parseMaintainer,
  ONBUILD: parseOnbuild,
  RUN: parseRun,
  SHELL: parseShell,
  STOPSIGNAL: parseStopsignal,
  USER: parseUser,
  VOLUME: parseVolume,
  WORKDIR: parseWorkdir,
};

/** How the file that a line stands in is read. */
export interface Setting {
  readonly fileName: string;
  readonly escape: EscapeCharacter;
}

/**
 * @throws {DhowError} `invalid-argument` for an instruction that does not exist.
 */
export function splitInstruction({ code, range, comments }: LogicalLine, setting: Setting): InstructionText {
  const [, written = "", text = ""] = /^\s*([^\t\v\f\r ]+)[\t\v\f\r ]*(.*)$/s.exec(code) ?? [];
  const keyword = written.toUpperCase();
  if (!Object.hasOwn(parsers, keyword)) {
    const [near] = suggest(keyword, Object.keys(parsers));
    const question = near === undefined ? "" : ` (did you mean ${near}?)`;
    throw failAt({ fileName: setting.fileName, line: range.startLine }, `unknown instruction: ${written}${question}`);
  }
  const { flags, rest } = splitFlags(text, setting.escape);
  return {
    keyword: keyword as Keyword,
    written,
    code: code.trim(),
    range,
    comments,
    flags,
    rest,
    heredocs: [],
    ...setting,
  };
}

/** The here-documents that follow an instruction. Those within ONBUILD are its trigger's. */
export function heredocsAfter(instruction: InstructionText, setting: Setting): HeredocMark[] {
  const inner =
    instruction.keyword === "ONBUILD" && instruction.rest !== "" ? innerOf(instruction, setting) : instruction;
  const mayHaveSome = ["ADD", "COPY", "RUN"].includes(inner.keyword) && parseJsonWords(inner) === undefined;
  return mayHaveSome ? findHeredocs(instruction.code) : [];
}

export function parseInstruction(instruction: InstructionText, heredocs: readonly Heredoc[]): Instruction {
  return parsers[instruction.keyword]({ ...instruction, heredocs });
}

function innerOf({ rest, range, comments }: InstructionText, setting: Setting): InstructionText {
  return splitInstruction({ code: rest, range, comments }, setting);
}

function parseFrom(instruction: InstructionText): FromInstruction {
  const platform = flagsOf(instruction, { platform: "string" }).string("platform");
  const [base, as, name, ...more] = splitAtSpaces(instruction.rest);
  const isNamed = as?.toUpperCase() === "AS" && name !== undefined && more.length === 0;
  if (base === undefined || (as !== undefined && !isNamed)) {
    throw failIn(instruction, "FROM requires either one or three arguments", "as in FROM image or FROM image AS name");
  }
  return { ...headOf(instruction, "FROM"), base, as: isNamed ? stageName(instruction, as, name) : undefined, platform };
}

function stageName(instruction: InstructionText, written: string, name: string): { written: string; name: string } {
  if (/^[a-z][a-z0-9-_.]*$/.test(name.toLowerCase())) return { written, name };
  const reason = "name can't start with a number or contain symbols";
  throw failIn(instruction, `invalid name for build stage: ${JSON.stringify(name)}, ${reason}`);
}

function parseOnbuild(instruction: InstructionText): OnbuildInstruction {
  refuseFlags(instruction);
  if (instruction.rest === "") throw failIn(instruction, "ONBUILD requires at least one argument");
  const { fileName, escape: escapeCharacter, heredocs, code } = instruction;
  const inner = innerOf(instruction, { fileName, escape: escapeCharacter });
  if (inner.keyword === "ONBUILD") throw failIn(instruction, "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  const trigger = parseInstruction(inner, heredocs);
  if (trigger.keyword === "FROM" || trigger.keyword === "MAINTAINER") {
    throw failIn(instruction, `${trigger.keyword} isn't allowed as an ONBUILD trigger`);
  }
  const bodies = heredocs.map(({ content, name }) => `\n${content}${name}`).join("");
  const text = code.replace(/^\s*ONBUILD\s*/i, "") + bodies;
  return { ...headOf(instruction, "ONBUILD"), trigger: text, instruction: trigger };
}

function parseExpose(instruction: InstructionText): ExposeInstruction {
  refuseFlags(instruction);
  const ports = splitAtSpaces(instruction.rest);
  if (ports.length === 0) throw failIn(instruction, "EXPOSE requires at least one argument");
  return { ...headOf(instruction, "EXPOSE"), ports };
}

function parseVolume(instruction: InstructionText): VolumeInstruction {
  refuseFlags(instruction);
  const paths = wordsOf(instruction).map((path) => path.trim());
  if (paths.length === 0) throw failIn(instruction, "VOLUME requires at least one argument");
  if (paths.includes("")) throw failIn(instruction, "VOLUME specified can not be an empty string");
  return { ...headOf(instruction, "VOLUME"), paths };
}

function parseMaintainer(instruction: InstructionText): MaintainerInstruction {
  refuseFlags(instruction);
  return { ...headOf(instruction, "MAINTAINER"), maintainer: singleArgument(instruction) };
}

function parseStopsignal(instruction: InstructionText): StopsignalInstruction {
  refuseFlags(instruction);
  return { ...headOf(instruction, "STOPSIGNAL"), signal: singleArgument(instruction) };
}

function parseUser(instruction: InstructionText): UserInstruction {
  refuseFlags(instruction);
  return { ...headOf(instruction, "USER"), user: singleArgument(instruction) };
}

function parseWorkdir(instruction: InstructionText): WorkdirInstruction {
  refuseFlags(instruction);
  return { ...headOf(instruction, "WORKDIR"), path: singleArgument(instruction) };
}
