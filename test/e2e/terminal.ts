import { execFileSync } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import type { Running } from "./running.ts";

/** A program on a pseudo-terminal of its own, made by script(1). */
export interface Terminal {
  /** Everything that appeared so far, with its control sequences. */
  text(): string;
  /** Types. */
  send(text: string): void;
  /** Waits until something appears behind what was already expected, and returns what came up to it. */
  expect(pattern: string | RegExp, timeoutMs?: number): Promise<string>;
  /** Changes the size of the window. */
  resize(columns: number, rows: number): void;
  /** The terminal's settings, as `stty -a` tells them. */
  settings(): string;
  /** Waits for the end of the program and returns its exit code. */
  exit(timeoutMs?: number): Promise<number>;
  /** Takes the terminal away if its program has ended. */
  closeIfEnded(): Promise<void>;
}

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly launch: (argv: readonly string[]) => Running;
}

/** Starts a program on a terminal. When it has ended the terminal shows "ended with N" and stays until `exit()` is called. */
export function openTerminal(argv: readonly string[], { columns = 80, rows = 24, launch }: TerminalOptions): Terminal {
  const command = argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  const script = `stty cols ${columns} rows ${rows}; tty; ${command}; echo "ended with $?"; read -r _`;
  const running = launch(["script", "--quiet", "--flush", "--echo", "always", "--command", script, "/dev/null"]);
  let position = 0;
  const device = () => {
    const name = /\/dev\/pts\/\d+/.exec(running.stdout())?.[0];
    if (!name) throw new Error(`the terminal has no name yet: ${running.stderr()}`);
    return name;
  };
  const terminal: Terminal = {
    text: () => running.stdout(),
    send: (text) => running.write(text),
    async expect(pattern, timeoutMs = 60_000) {
      for (const deadline = Date.now() + timeoutMs; ; await delay(20)) {
        const rest = running.stdout().slice(position);
        const match = typeof pattern === "string" ? literalMatch(rest, pattern) : pattern.exec(rest);
        if (match) {
          position += match.index + match[0].length;
          return rest.slice(0, match.index + match[0].length);
        }
        if (Date.now() > deadline) throw new Error(`${pattern} did not appear on the terminal:\n${rest}`);
      }
    },
    resize: (newColumns, newRows) =>
      void execFileSync("stty", ["-F", device(), "cols", String(newColumns), "rows", String(newRows)]),
    settings: () => execFileSync("stty", ["-F", device(), "-a"], { encoding: "utf8" }),
    async exit(timeoutMs) {
      const shown = await terminal.expect(/ended with (\d+)/, timeoutMs);
      running.write("\n");
      running.closeInput();
      await running.end(timeoutMs);
      return Number(/ended with (\d+)/.exec(shown)?.[1]);
    },
    async closeIfEnded() {
      if (!/ended with \d+/.test(running.stdout())) return;
      running.write("\n");
      running.closeInput();
      await running.end();
    },
  };
  return terminal;
}

function literalMatch(text: string, wanted: string): { index: number; 0: string } | undefined {
  const index = text.indexOf(wanted);
  return index < 0 ? undefined : { index, 0: wanted };
}
