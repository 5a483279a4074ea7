import type { Output } from "../cli/output.ts";
import type { PullEvent } from "../image/pull.ts";

export interface PullDisplay {
  readonly onEvent: (event: PullEvent) => void;
  /** Takes the moving part of the display away. Call it before anything else is shown. */
  end(): void;
}

/** Shows a pull on stderr, in podman's words. */
export function showPull(out: Output): PullDisplay {
  return { onEvent: (event) => showLines(event, out), end: () => {} };
}

function showLines(event: PullEvent, out: Output): void {
  switch (event.type) {
    case "resolved":
      out.diagnostic(event.text);
      break;
    case "trying":
      out.diagnostic(`Trying to pull ${event.name}...`);
      break;
    case "layers":
      out.diagnostic("Getting image source signatures");
      for (const { digest, isPresent } of event.layers) {
        out.diagnostic(`Copying blob ${digest}${isPresent ? " skipped: already exists" : ""}`);
      }
      break;
    case "config":
      out.diagnostic(`Copying config ${event.digest}`);
      break;
    case "manifest":
      out.diagnostic("Writing manifest to image destination");
      break;
    case "progress":
    case "layer":
      break;
  }
}
