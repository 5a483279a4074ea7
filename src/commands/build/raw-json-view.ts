import type { BuildEvent } from "../../build/progress.ts";
import type { BuildView } from "./view.ts";

/** One JSON object a line for each event, with its time. */
export function openRawJsonView(write: (line: string) => void): BuildView {
  return {
    onEvent: (event: BuildEvent) => write(JSON.stringify({ time: new Date().toISOString(), ...event })),
    end: () => {},
  };
}
