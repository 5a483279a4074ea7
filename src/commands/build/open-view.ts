import { closeSync, openSync, writeSync } from "node:fs";
import { openColours } from "../../cli/colour.ts";
import type { Output } from "../../cli/output.ts";
import { findLiveScreen } from "../../cli/progress.ts";
import { DhowError } from "../../errors.ts";
import { showCopy } from "../copy-progress.ts";
import { openPlainView } from "./plain-view.ts";
import { openRawJsonView } from "./raw-json-view.ts";
import { openTerminalView } from "./terminal-view.ts";
import { type BuildView, noView } from "./view.ts";

export interface ViewFlags {
  readonly quiet: boolean;
  readonly progress: string;
  readonly logfile: string | undefined;
  /** The result goes to stdout, where nothing else may be then. */
  readonly takesStdout: boolean;
}

/** A view, and whether it has shown the output of the steps. */
export interface OpenView extends BuildView {
  readonly showsOutput: boolean;
}

const redrawIntervalMs = 100;

/**
 * Chooses how a build is shown: live on a terminal, else line by line.
 * @throws {DhowError} `invalid-argument` for --progress=tty without a terminal.
 */
export function openView(flags: ViewFlags, out: Output): OpenView {
  const { progress, logfile, quiet, takesStdout } = flags;
  if (logfile) return { ...logView(logfile), showsOutput: false };
  if (quiet || progress === "quiet" || progress === "none") return { ...noView, showsOutput: false };
  if (progress === "rawjson") return { ...openRawJsonView(out.diagnostic), showsOutput: true };
  const screen = progress === "plain" ? undefined : findLiveScreen();
  if (screen !== undefined) {
    const colours = openColours(true);
    return { ...openTerminalView({ screen, colours, repeat: every }), showsOutput: false };
  }
  if (progress === "tty") {
    throw new DhowError("--progress=tty: stderr is no terminal", { kind: "invalid-argument" });
  }
  const copy = showCopy(out);
  const line = takesStdout ? out.diagnostic : out.line;
  const view = openPlainView({ line, diagnostic: out.diagnostic, showPull: copy.onEvent });
  return { ...view, end: copy.end, showsOutput: true };
}

function every(work: () => void): () => void {
  const timer = setInterval(work, redrawIntervalMs);
  return () => clearInterval(timer);
}

/** --logfile: line by line, so that others can read along. @throws {DhowError} `permission-denied`. */
function logView(path: string): BuildView {
  const fd = openLog(path);
  const line = (text: string) => void writeSync(fd, `${text}\n`);
  const view = openPlainView({ line, diagnostic: line, showPull: () => {} });
  let isOver = false;
  return {
    onEvent: view.onEvent,
    end() {
      if (!isOver) closeSync(fd);
      isOver = true;
    },
  };
}

function openLog(path: string): number {
  try {
    return openSync(path, "w", 0o600);
  } catch (cause) {
    throw new DhowError(`cannot write the log file ${path}`, { kind: "permission-denied", cause });
  }
}
