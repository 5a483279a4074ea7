import type { BuildEvent, StagePlan, StepInfo } from "../../build/progress.ts";

/** What shows a build while it goes on. */
export interface BuildView {
  onEvent(event: BuildEvent): void;
  /** Takes what moves away; what was shown stays. Idempotent. */
  end(): void;
}

/** Shows nothing: --quiet. */
export const noView: BuildView = { onEvent: () => {}, end: () => {} };

/** Which of the stages a step belongs to, as podman counts them: `[1/2] `. Empty if there is only one. */
export function stagePrefix(stages: readonly StagePlan[], step: StepInfo): string {
  if (stages.length < 2) return "";
  const index = stages.findIndex(({ name, platform }) => name === step.stage && platform === step.platform);
  return `[${index + 1}/${stages.length}] `;
}

/** `1.2s`, `1m05s` */
export function formatSeconds(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}m${String(whole % 60).padStart(2, "0")}s`;
}
