import { getVariable } from "../system/environment.ts";
import { isTerminal, writeAll } from "./output.ts";

/** Lines at the end of the terminal that are drawn anew as things move on. On stderr; only for a terminal. */
export interface Progress {
  /** Shows a line, new at the end or in the place that it has. */
  show(id: string, line: ProgressLine): void;
  /** Draws everything once more and leaves it there. What is shown afterwards comes below. Idempotent. */
  end(): void;
}

export interface ProgressLine {
  readonly label: string;
  /** Bytes of how many; a line without them has nothing that moves. */
  readonly amount?: { readonly current: number; readonly total: number } | undefined;
  /** Behind the label when there is no amount: `done`. */
  readonly state?: string | undefined;
}

export interface ProgressScreen {
  readonly columns: number;
  readonly rows: number;
  write(text: string): void;
  /** Milliseconds of any clock that does not go back. */
  now(): number;
}

const redrawIntervalMs = 80;
const narrowestBar = 10;
const widestBar = 40;

/** The terminal on stderr, or undefined if it is none. */
export function findProgressScreen(): ProgressScreen | undefined {
  if (!isTerminal(2)) return undefined;
  const { columns, rows } = process.stderr;
  // A terminal of unknown size says 0.
  return { columns: columns || 80, rows: rows || 24, write: (text) => writeAll(2, text), now: () => performance.now() };
}

/** The same for a display that moves all over: undefined also for a dumb terminal. */
export function findLiveScreen(): ProgressScreen | undefined {
  return getVariable("TERM") === "dumb" ? undefined : findProgressScreen();
}

export function openProgress(screen: ProgressScreen): Progress {
  const lines = new Map<string, ProgressLine>();
  let drawnLines = 0;
  let drawnAt = Number.NEGATIVE_INFINITY;

  const draw = (visible: readonly ProgressLine[]) => {
    const up = drawnLines > 0 ? `\u001b[${drawnLines}A` : "";
    const text = visible.map((line) => `\r\u001b[K${formatLine(line, screen.columns - 1)}\n`).join("");
    screen.write(`${up}${text}\u001b[J`);
    drawnLines = visible.length;
    drawnAt = screen.now();
  };
  /** Lines at the top that will not change any more scroll away by themselves when they are not drawn again. */
  const settle = () => {
    for (const [id, line] of lines) {
      if (line.amount !== undefined || lines.size < screen.rows) return;
      draw([line]);
      drawnLines = 0;
      lines.delete(id);
    }
  };
  return {
    show(id, line) {
      const known = lines.get(id);
      lines.set(id, line);
      const isStep = known === undefined || line.amount === undefined;
      if (!isStep && screen.now() - drawnAt < redrawIntervalMs) return;
      settle();
      draw([...lines.values()].slice(0, screen.rows - 1));
    },
    end() {
      if (lines.size > 0) draw([...lines.values()]);
      lines.clear();
      drawnLines = 0;
    },
  };
}

/** One line of the display, at most so wide. */
export function formatLine({ label, amount, state }: ProgressLine, columns: number): string {
  if (amount === undefined) return `${label}${state === undefined ? "" : ` ${state}`}`.slice(0, columns);
  const { current, total } = amount;
  const numbers = `${formatBytes(current)} / ${formatBytes(total)}`;
  const width = Math.min(widestBar, columns - label.length - numbers.length - 4);
  if (width < narrowestBar) return `${label} ${numbers}`.slice(0, columns);
  const filled = total > 0 ? Math.min(width, Math.floor((current / total) * width)) : width;
  const head = filled > 0 && filled < width ? `${"=".repeat(filled - 1)}>` : "=".repeat(filled);
  return `${label} [${head}${"-".repeat(width - filled)}] ${numbers}`;
}

/** `12.3MiB` */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)}${units[unit]}`;
}
