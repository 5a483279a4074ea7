import { DhowError } from "../errors.ts";

/** Signals of Linux on all architectures that dhow runs on, by number. */
const names = [
  "",
  "HUP",
  "INT",
  "QUIT",
  "ILL",
  "TRAP",
  "ABRT",
  "BUS",
  "FPE",
  "KILL",
  "USR1",
  "SEGV",
  "USR2",
  "PIPE",
  "ALRM",
  "TERM",
  "STKFLT",
  "CHLD",
  "CONT",
  "STOP",
  "TSTP",
  "TTIN",
  "TTOU",
  "URG",
  "XCPU",
  "XFSZ",
  "VTALRM",
  "PROF",
  "WINCH",
  "IO",
  "PWR",
  "SYS",
] as const;

const aliases: Readonly<Record<string, string>> = { IOT: "ABRT", CLD: "CHLD", POLL: "IO", UNUSED: "SYS" };

/** The first real-time signal that programs may use (glibc keeps 32 and 33), and the last. */
const realTime = { min: 34, max: 64 };

export interface Signal {
  /** As `SIGTERM` or `SIGRTMIN+3`. */
  readonly name: string;
  readonly number: number;
}

/**
 * Reads a signal by name (with or without SIG, any case) or number.
 * @throws {DhowError} `invalid-argument`: podman's "invalid signal: X".
 */
export function parseSignal(text: string): Signal {
  const number = /^\d+$/.test(text) ? Number(text) : numberOf(text.toUpperCase().replace(/^SIG/, ""));
  const name = nameOf(number);
  if (name === undefined) throw new DhowError(`invalid signal: ${text}`, { kind: "invalid-argument" });
  return { name, number };
}

function numberOf(name: string): number {
  const known = (names as readonly string[]).indexOf(aliases[name] ?? name);
  if (known > 0) return known;
  const match = /^RTM(IN\+|AX-)(\d+)$/.exec(name);
  if (match) {
    const number = match[1] === "IN+" ? realTime.min + Number(match[2]) : realTime.max - Number(match[2]);
    return number >= realTime.min && number <= realTime.max ? number : 0;
  }
  if (name === "RTMIN") return realTime.min;
  return name === "RTMAX" ? realTime.max : 0;
}

function nameOf(number: number): string | undefined {
  if (number === realTime.min) return "SIGRTMIN";
  if (number === realTime.max) return "SIGRTMAX";
  if (number > realTime.min && number < realTime.max) return `SIGRTMIN+${number - realTime.min}`;
  return names[number] ? `SIG${names[number]}` : undefined;
}
