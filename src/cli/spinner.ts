import { doSilently, type ShowLongStep } from "../model/long-step.ts";
import { getVariable } from "../system/environment.ts";
import type { LogLevel } from "../system/log.ts";
import { beforeEndingSignal } from "../system/signals.ts";
import { clearBeforeLines, terminalWidth } from "./output.ts";

export interface SpinnerOptions {
  readonly quiet: boolean;
  /** Whoever reads how dhow works, line by line, needs nothing that moves between the lines. */
  readonly logLevel: LogLevel;
}

/**
 * A spinner on stderr for single long steps. Nothing is left of it, whatever a step ends by. None is shown where stderr is no
 * terminal or a dumb one, with NO_COLOR, and to users who want quiet.
 */
export function openSpinner({ quiet, logLevel }: SpinnerOptions): ShowLongStep {
  const isWanted = !quiet && (logLevel === "warn" || logLevel === "error");
  return (text, work) => (isWanted && canSpin() ? spin(text, work) : doSilently(text, work));
}

function canSpin(): boolean {
  if (getVariable("NO_COLOR") !== undefined || getVariable("TERM") === "dumb") return false;
  // A terminal of unknown size says 0, by which ora divides.
  return (terminalWidth(2) ?? 0) > 0;
}

async function spin<T>(text: string, work: () => Promise<T>): Promise<T> {
  // biome-ignore lint/style/noRestrictedImports: this file is the door, for the few commands that have long steps
  const { default: ora } = await import("ora");
  // Ora would read the terminal to keep what is typed from being shown; programs that ask for passwords read it, too.
  const spinner = ora({ text, discardStdin: false, isEnabled: true }).start();
  clearBeforeLines(() => void spinner.clear());
  const stop = () => {
    clearBeforeLines(undefined);
    spinner.stop();
  };
  const undo = beforeEndingSignal(stop);
  try {
    return await work();
  } finally {
    undo();
    stop();
  }
}
