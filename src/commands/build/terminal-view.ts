import type { BuildEvent, StagePlan, StepInfo } from "../../build/progress.ts";
import type { ChalkInstance } from "chalk";
import { formatBytes, type ProgressScreen } from "../../cli/progress.ts";
import { visible } from "../../cli/output.ts";
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
  readonly colours: ChalkInstance;
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
  let stages: readonly StagePlan[] = [];
  let total = 0;
  let finished = 0;
  let drawn = 0;
  let isOver = false;

  const draw = (settled: readonly string[], moving: readonly string[]) => {
    const up = drawn > 0 ? `\u001b[${drawn}A` : "";
    const fitting = moving.slice(0, Math.max(1, screen.rows - 1));
    const text = [...settled, ...fitting].map((line) => `\r\u001b[K${line}\n`).join("");
    screen.write(`${up}${text}\u001b[J`);
    drawn = fitting.length;
  };
  const width = screen.columns - 1;
  const moving = () => [
    colours.bold(cutTo(`[+] Building ${formatSeconds(screen.now() - startedAt)} (${finished}/${total})`, width)),
    ...[...steps.values()].filter(({ state }) => state === "running").flatMap((shown) => runningLines(shown)),
  ];
  const runningLines = (shown: ShownStep): string[] => {
    const time = formatSeconds(screen.now() - shown.startedAt);
    const head = withTime(` => ${labelOf(shown.step, stages)}${shown.note && ` ${shown.note}`}`, time, width);
    return [head, ...shown.lastLines.map((line) => colours.dim(cutTo(` => => ${line}`, width)))];
  };
  const settle = (lines: readonly string[]) => draw(lines, moving());
  const end = (step: StepInfo, change: Partial<ShownStep>) => {
    const shown = steps.get(step.id) ?? newStep(step, screen.now());
    Object.assign(shown, change);
    steps.set(step.id, shown);
    finished++;
    settle([settledLine(shown, { stages, width, colours })]);
  };
  const stop = repeat(() => draw([], moving()));

  return {
    onEvent(event) {
      switch (event.type) {
        case "planned":
          ({ stages } = event);
          total = event.steps.length;
          break;
        case "step-started":
          steps.set(event.step.id, newStep(event.step, screen.now()));
          break;
        case "output":
          addLine(steps.get(event.step.id), event.line);
          break;
        case "step-finished": {
          const { isCached, durationMs, layerBytes } = event.result;
          end(event.step, { state: isCached ? "cached" : "done", durationMs, layerBytes });
          break;
        }
        case "step-failed":
          end(event.failure.step, { state: "failed" });
          break;
        case "step-canceled":
          end(event.step, { state: "canceled" });
          break;
        default:
          showOther(event, { steps, settle, colours });
      }
    },
    end() {
      if (isOver) return;
      isOver = true;
      stop();
      draw([], moving().slice(0, 1));
      drawn = 0;
    },
  };
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
  readonly colours: ChalkInstance;
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
  readonly stages: readonly StagePlan[];
  readonly width: number;
  readonly colours: ChalkInstance;
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
  const words = [platform, stages.length > 1 ? stage : undefined, `${number}/${count}`].filter((word) => word !== undefined);
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
