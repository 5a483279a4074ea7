import { fstatSync, write, writeSync } from "node:fs";
import { errnoOf } from "../errors.ts";

/**
 * The terminal's door for results. Diagnostics go to stderr, results to stdout. What comes from images, registries and
 * other users must not command a terminal: there, control characters in texts are shown as `\x1b`.
 */
export interface Output {
  /** A line on stdout. */
  line(text: string): void;
  /** Text on stdout; bytes as they are. */
  write(text: string | Uint8Array): void;
  /** Text with colours or other commands for the terminal, which dhow has made itself, on stdout. */
  styled(text: string): void;
  /** A warning on stderr, unless --log-level hides warnings. */
  warn(text: string): void;
  /** A line on stderr as it is. */
  diagnostic(text: string): void;
  /** Whether stdout is a terminal. */
  readonly isTerminal: boolean;
}

export interface OutputOptions {
  /** False below --log-level warn. */
  readonly showsWarnings: boolean;
}

let clearLine: (() => void) | undefined;

/** Sets what takes a moving line off the terminal before anything is written below it; undefined when nothing moves any more. */
export function clearBeforeLines(clear: (() => void) | undefined): void {
  clearLine = clear;
}

/** The process's own stdout and stderr, written synchronously: nothing is lost when the process ends right after. */
export function openOutput({ showsWarnings }: OutputOptions): Output {
  const show = (fd: number, content: string | Uint8Array) => {
    clearLine?.();
    writeAll(fd, content);
  };
  const safe = (fd: number, text: string) => {
    const shown = visible(text);
    return shown !== text && isTerminal(fd) ? shown : text;
  };
  return {
    line: (text) => show(1, `${safe(1, text)}\n`),
    write: (text) => show(1, typeof text === "string" ? safe(1, text) : text),
    styled: (text) => show(1, text),
    warn(text) {
      if (showsWarnings) show(2, `WARN: ${safe(2, text)}\n`);
    },
    diagnostic: (text) => show(2, `${safe(2, text)}\n`),
    get isTerminal() {
      return isTerminal(1);
    },
  };
}

/** Control characters, but for line ends and tabs, as escapes. */
export function visible(text: string): string {
  const escaped = (character: string) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  return text.replace(/(?![\n\t])\p{Cc}/gu, escaped);
}

/**
 * Writes everything to a file descriptor, waiting while a pipe or terminal that another program made non-blocking is full.
 * @throws The system error `EPIPE` when nobody reads any more; main ends the process quietly then.
 */
export function writeAll(fd: number, content: string | Uint8Array): void {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  for (let offset = 0; offset < bytes.length; ) {
    try {
      offset += writeSync(fd, bytes, offset);
    } catch (error) {
      if (errnoOf(error) !== "EAGAIN") throw error;
      Atomics.wait(sleeper, 0, 0, 2);
    }
  }
}
/** As {@link writeAll}, while this process goes on with other things. */
export async function writeWithoutBlocking(fd: number, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) {
    offset += await new Promise<number>((resolve, reject) => {
      write(fd, bytes, offset, bytes.length - offset, null, (error, size) => {
        if (!error) resolve(size);
        else if (error.code === "EAGAIN") setTimeout(resolve, 2, 0);
        else reject(error);
      });
    });
  }
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Whether a file descriptor is a terminal. Loads node:tty (2 ms) only for a character device that is not /dev/null or its like. */
export function isTerminal(fd: number): boolean {
  const memoryDevices = 1;
  try {
    const file = fstatSync(fd);
    if (!file.isCharacterDevice() || file.rdev >> 8 === memoryDevices) return false;
  } catch {
    return false;
  }
  return process.getBuiltinModule("node:tty").isatty(fd);
}

/** The width of the terminal at a file descriptor, or undefined if there is none. */
export function terminalWidth(fd: 1 | 2): number | undefined {
  if (!isTerminal(fd)) return undefined;
  return (fd === 1 ? process.stdout : process.stderr).columns;
}
