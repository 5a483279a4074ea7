import type { BuildEvent, StagePlan, StepInfo } from "../../build/progress.ts";
import type { Colours } from "../../cli/colour.ts";
import { visible } from "../../cli/output.ts";
import { formatBytes, type ProgressScreen } from "../../cli/progress.ts";
import { type BuildView, formatSeconds } from "./view.ts";

/** A step that has begun. */
interface ShownStep {
  readonly step: StepInfo;
  readonly startedAt: number;
  state: "running" | "done" | "cached" | "failed" | "canceled";
  durationMs: number;
  layerBytes: number;
  /** What is under way: a download, a pull. */
  note: string;
  readonly lastLines: string[];
}

export interface TerminalViewOptions {
  readonly screen: ProgressScreen;
  readonly colours: Colours;
  /** Calls back again and again until it is told to stop. */
  repeat(work: () => void): () => void;
}

/** Of the output of a running step. */
const shownLines = 6;

/**
 * A view that is drawn anew as things move on: steps with their times, the last lines of those that run. Steps that are done
 * go up and stay.
 */
export function openTerminalView({ screen, colours, repeat }: TerminalViewOptions): BuildView {
  const startedAt = screen.now();
  const steps = new Map<number, ShownStep>();
  const look: Look = { stages: [], width: screen.columns - 1, colours };
  const lines = openLines(screen);
  let total = 0;
  let finished = 0;
  let isOver = false;

  const moving = () => {
    const head = `[+] Building ${formatSeconds(screen.now() - startedAt)} (${finished}/${total})`;
    const running = [...steps.values()].filter(({ state }) => state === "running");
    const bodies = running.flatMap((shown) => runningLines(shown, look, screen.now()));
    return [colours.bold(cutTo(head, look.width)), ...bodies];
  };
  const settle = (settled: readonly string[]) => lines.draw(settled, moving());
  const stop = repeat(() => settle([]));
  return {
    onEvent(event) {
      if (event.type === "planned") {
        look.stages = event.stages;
        total = event.steps.length;
      } else if (event.type === "step-started") {
        steps.set(event.step.id, newStep(event.step, screen.now()));
      } else if (event.type === "output") {
        addLine(steps.get(event.step.id), event.line);
      } else {
        const ended = endOf(event);
        if (ended === undefined) return showOther(event, { steps, settle, colours });
        const shown = steps.get(ended.step.id) ?? newStep(ended.step, screen.now());
        steps.set(ended.step.id, Object.assign(shown, ended.change));
        finished++;
        settle([settledLine(shown, look)]);
      }
    },
    end() {
      if (isOver) return;
      isOver = true;
      stop();
      lines.draw([], moving().slice(0, 1));
    },
  };
}

/** Lines that stay, and below them lines that are drawn anew. */
function openLines(screen: ProgressScreen) {
  let drawn = 0;
  return {
    draw(settled: readonly string[], moving: readonly string[]) {
      const up = drawn > 0 ? `\u001b[${drawn}A` : "";
      const fitting = moving.slice(0, Math.max(1, screen.rows - 1));
      const text = [...settled, ...fitting].map((line) => `\r\u001b[K${line}\n`).join("");
      screen.write(`${up}${text}\u001b[J`);
      drawn = fitting.length;
    },
  };
}

/** What an event makes of a step that is over; undefined for other events. */
function endOf(event: BuildEvent): { readonly step: StepInfo; readonly change: Partial<ShownStep> } | undefined {
  switch (event.type) {
    case "step-finished": {
      const { isCached, durationMs, layerBytes } = event.result;
      return { step: event.step, change: { state: isCached ? "cached" : "done", durationMs, layerBytes } };
    }
    case "step-failed":
      return { step: event.failure.step, change: { state: "failed" } };
    case "step-canceled":
      return { step: event.step, change: { state: "canceled" } };
    default:
      return undefined;
  }
}

function runningLines({ step, startedAt, note, lastLines }: ShownStep, look: Look, now: number): string[] {
  const { stages, width, colours } = look;
  const head = withTime(` => ${labelOf(step, stages)}${note && ` ${note}`}`, formatSeconds(now - startedAt), width);
  return [head, ...lastLines.map((line) => colours.dim(cutTo(` => => ${line}`, width)))];
}

function newStep(step: StepInfo, startedAt: number): ShownStep {
  return { step, startedAt, state: "running", durationMs: 0, layerBytes: 0, note: "", lastLines: [] };
}

function addLine(shown: ShownStep | undefined, line: string): void {
  shown?.lastLines.push(visible(line).replaceAll("\t", "    "));
  if ((shown?.lastLines.length ?? 0) > shownLines) shown?.lastLines.shift();
}

interface Surroundings {
  readonly steps: ReadonlyMap<number, ShownStep>;
  readonly settle: (lines: readonly string[]) => void;
  readonly colours: Colours;
}

function showOther(event: BuildEvent, { steps, settle, colours }: Surroundings): void {
  switch (event.type) {
    case "transfer": {
      const shown = steps.get(event.step.id);
      const total = event.totalBytes === undefined ? "" : ` / ${formatBytes(event.totalBytes)}`;
      if (shown) shown.note = `${event.what} ${formatBytes(event.bytes)}${total}`;
      break;
    }
    case "pull": {
      const shown = steps.get(event.step.id);
      if (shown && event.event.type === "progress") shown.note = formatBytes(event.event.copiedBytes);
      break;
    }
    case "warning": {
      const place = event.place === undefined ? "" : `${event.place.file}:${event.place.startLine}: `;
      settle([colours.yellow(`WARN: ${visible(place + event.message)}`)]);
      break;
    }
    case "export-finished":
      settle([` => ${event.what}`]);
      break;
    case "image":
      settle(event.names.map((name) => ` => naming to ${name}`));
      break;
    default:
      break;
  }
}

interface Look {
  stages: readonly StagePlan[];
  readonly width: number;
  readonly colours: Colours;
}

function settledLine(shown: ShownStep, { stages, width, colours }: Look): string {
  const label = labelOf(shown.step, stages);
  const size = shown.layerBytes > 0 ? ` (${formatBytes(shown.layerBytes)})` : "";
  switch (shown.state) {
    case "cached":
      return colours.blue(withTime(` => CACHED ${label}`, "0.0s", width));
    case "failed":
      return colours.red(cutTo(` => ERROR ${label}`, width));
    case "canceled":
      return colours.yellow(cutTo(` => CANCELED ${label}`, width));
    default:
      return withTime(` => ${label}${size}`, formatSeconds(shown.durationMs), width);
  }
}

/** `[build 2/5] RUN make` */
function labelOf({ stage, platform, number, count, text }: StepInfo, stages: readonly StagePlan[]): string {
  const words = [platform, stages.length > 1 ? stage : undefined, `${number}/${count}`].filter(
    (word) => word !== undefined,
  );
  return `[${words.join(" ")}] ${visible(text)}`;
}

function withTime(text: string, time: string, width: number): string {
  const room = width - time.length - 1;
  return `${cutTo(text, room).padEnd(room)} ${time}`;
}

function cutTo(text: string, width: number): string {
  const line = text.replace(/[\r\n]+/g, " ");
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - 1))}…`;
}
