import { parseDurationMs } from "../../model/point-in-time.ts";
import type {
  CmdInstruction,
  DeclaredHealthcheck,
  EntrypointInstruction,
  HealthcheckInstruction,
  RunInstruction,
  RunNetwork,
  RunSecurity,
  ShellInstruction,
} from "./ast.ts";
import type { FlagValues } from "./flags.ts";
import {
  commandOf,
  failIn,
  flagsOf,
  headOf,
  type InstructionText,
  parseJsonWords,
  refuseFlags,
} from "./instruction-text.ts";

export function parseRun(instruction: InstructionText): RunInstruction {
  const flags = flagsOf(instruction, { mount: "strings", network: "string", security: "string", device: "strings" });
  const command = commandOf(instruction);
  const isEmpty = command.form === "shell" ? command.text === "" : command.words.length === 0;
  if (isEmpty) throw failIn(instruction, "RUN requires at least one argument");
  return {
    ...headOf(instruction, "RUN"),
    command,
    mounts: flags.strings("mount"),
    network: oneOf<RunNetwork>(instruction, flags, "network", ["default", "none", "host"]),
    security: oneOf<RunSecurity>(instruction, flags, "security", ["sandbox", "insecure"]),
    devices: flags.strings("device"),
  };
}

function oneOf<T extends string>(instruction: InstructionText, flags: FlagValues, name: string, words: readonly T[]) {
  const value = flags.string(name);
  if (value === undefined || words.includes(value as T)) return value as T | undefined;
  throw failIn(instruction, `invalid ${name} mode ${JSON.stringify(value)}`, `it can be ${words.join(", ")}`);
}

export function parseCmd(instruction: InstructionText): CmdInstruction {
  refuseFlags(instruction);
  return { ...headOf(instruction, "CMD"), command: commandOf(instruction) };
}

export function parseEntrypoint(instruction: InstructionText): EntrypointInstruction {
  refuseFlags(instruction);
  return { ...headOf(instruction, "ENTRYPOINT"), command: commandOf(instruction) };
}

export function parseShell(instruction: InstructionText): ShellInstruction {
  refuseFlags(instruction);
  const words = parseJsonWords(instruction);
  if (words === undefined && instruction.rest !== "") {
    throw failIn(instruction, "SHELL requires the arguments to be in JSON form", 'as in SHELL ["/bin/bash", "-c"]');
  }
  if (!words?.length) throw failIn(instruction, "SHELL requires at least one argument");
  return { ...headOf(instruction, "SHELL"), words };
}

export function parseHealthcheck(instruction: InstructionText): HealthcheckInstruction {
  const [, type = "", rest = ""] = /^(\S*)\s*(.*)$/s.exec(instruction.rest) ?? [];
  const head = headOf(instruction, "HEALTHCHECK");
  switch (type.toUpperCase()) {
    case "":
      throw failIn(instruction, "HEALTHCHECK requires at least one argument");
    case "NONE":
      if (rest !== "" || instruction.flags.length > 0) {
        throw failIn(instruction, "HEALTHCHECK NONE takes no arguments");
      }
      return { ...head, check: undefined };
    case "CMD":
      return { ...head, check: parseCheck(instruction, rest) };
    default:
      throw failIn(instruction, `Unknown type ${JSON.stringify(type)} in HEALTHCHECK (try CMD)`);
  }
}

function parseCheck(instruction: InstructionText, rest: string): DeclaredHealthcheck {
  const flags = flagsOf(instruction, {
    ...{ interval: "string", timeout: "string", "start-period": "string" },
    ...{ "start-interval": "string", retries: "string" },
  });
  const command = commandOf(instruction, rest);
  if (rest === "" || (command.form === "exec" && command.words.length === 0)) {
    throw failIn(instruction, "Missing command after HEALTHCHECK CMD");
  }
  return {
    command,
    intervalMs: durationOf(instruction, flags, "interval"),
    timeoutMs: durationOf(instruction, flags, "timeout"),
    startPeriodMs: durationOf(instruction, flags, "start-period"),
    startIntervalMs: durationOf(instruction, flags, "start-interval"),
    retries: retriesOf(instruction, flags.string("retries")),
  };
}

/** Undefined also for 0, which leaves the time to the base image or the default. */
function durationOf(instruction: InstructionText, flags: FlagValues, name: string): number | undefined {
  const text = flags.string(name);
  if (text === undefined || text === "" || text === "0") return undefined;
  const ms = parseDurationMs(text);
  if (ms === undefined) {
    throw failIn(instruction, `invalid duration ${JSON.stringify(text)} for --${name}`, "write it as 30s or 1m30s");
  }
  if (ms === 0) return undefined;
  if (ms < 1) throw failIn(instruction, `Interval ${JSON.stringify(name)} cannot be less than 1ms`);
  return ms;
}

function retriesOf(instruction: InstructionText, text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (!/^[+-]?\d{1,9}$/.test(text)) throw failIn(instruction, `invalid number ${JSON.stringify(text)} for --retries`);
  const retries = Number(text);
  if (retries < 0) throw failIn(instruction, `--retries cannot be negative (${retries})`);
  return retries;
}
