import type { BuildEvent, StagePlan, StepInfo, StepResult } from "../../build/progress.ts";
import type { PullEvent } from "../../image/pull.ts";
import { type BuildView, formatSeconds, stagePrefix } from "./view.ts";

export interface PlainViewOptions {
  /** A line of the log, which podman writes on stdout. */
  line(text: string): void;
  /** A line on stderr. */
  diagnostic(text: string): void;
  showPull(event: PullEvent): void;
}

/** Line by line, in podman's words, which scripts look for. */
export function openPlainView({ line, diagnostic, showPull }: PlainViewOptions): BuildView {
  let stages: readonly StagePlan[] = [];
  const running = new Set<number>();
  const prefixOf = (step: StepInfo) => stagePrefix(stages, step);
  const isLast = ({ number, count, stage }: StepInfo) => number === count && stage === stages.at(-1)?.name;
  const finish = (step: StepInfo, { id, isCached, durationMs }: StepResult) => {
    running.delete(step.id);
    if (step.text.toUpperCase().startsWith("FROM ")) return;
    if (isCached) line(`${prefixOf(step)}--> Using cache ${id}`);
    // Whoever reads a log wants to know where the time went.
    const time = durationMs >= 1000 ? ` (${formatSeconds(durationMs)})` : "";
    if (!isLast(step)) line(`${prefixOf(step)}--> ${id.slice(0, 12)}${time}`);
  };
  return {
    onEvent(event: BuildEvent) {
      switch (event.type) {
        case "planned":
          stages = event.stages;
          break;
        case "step-started":
          running.add(event.step.id);
          line(`${prefixOf(event.step)}STEP ${event.step.number}/${event.step.count}: ${event.step.text}`);
          break;
        case "output": {
          // Two steps that speak at once would be one muddle.
          const text = running.size > 1 ? `${prefixOf(event.step)}${event.line}` : event.line;
          if (event.stream === "stdout") line(text);
          else diagnostic(text);
          break;
        }
        case "pull":
          showPull(event.event);
          break;
        case "step-finished":
          finish(event.step, event.result);
          break;
        case "warning":
          diagnostic(
            `WARN: ${event.place === undefined ? "" : `${event.place.file}:${event.place.startLine}: `}${event.message}`,
          );
          break;
        case "image":
          line(event.names.length > 0 ? `COMMIT ${shortName(event.names[0] as string)}` : "COMMIT");
          line(`--> ${event.id.slice(0, 12)}`);
          for (const name of event.names) line(`Successfully tagged ${name}`);
          break;
        default:
          break;
      }
    },
    end: () => {},
  };
}

/** Podman shows the name as it was given. */
function shortName(name: string): string {
  return name.replace(/^localhost\//, "").replace(/:latest$/, "");
}
