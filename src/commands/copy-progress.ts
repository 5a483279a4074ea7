import type { Output } from "../cli/output.ts";
import { findProgressScreen, openProgress, type Progress } from "../cli/progress.ts";
import type { PullEvent } from "../image/pull.ts";
import type { Digest } from "../oci/digest.ts";

export interface CopyDisplay {
  readonly onEvent: (event: PullEvent) => void;
  /** Takes the moving part of the display away. Call it before anything else is shown. */
  end(): void;
}

/** Shows the copy of an image on stderr, in podman's words: with bars that move on a terminal, else line by line. */
export function showCopy(out: Output): CopyDisplay {
  // Looking at the terminal costs time, and most runs pull nothing.
  let display: CopyDisplay | undefined;
  return {
    onEvent(event) {
      display ??= openDisplay(out);
      display.onEvent(event);
    },
    end: () => display?.end(),
  };
}

function openDisplay(out: Output): CopyDisplay {
  const screen = findProgressScreen();
  if (screen === undefined) return { onEvent: (event) => showLines(event, out), end: () => {} };
  const progress = openProgress(screen);
  const sizes = new Map<Digest, number>();
  return { onEvent: (event) => showBars(event, { out, progress, sizes }), end: () => progress.end() };
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
        out.diagnostic(`Copying blob ${digest}${isPresent ? ` ${skipped}` : ""}`);
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

const skipped = "skipped: already exists";

interface Bars {
  readonly out: Output;
  readonly progress: Progress;
  readonly sizes: Map<Digest, number>;
}

function showBars(event: PullEvent, { out, progress, sizes }: Bars): void {
  switch (event.type) {
    case "layers":
      out.diagnostic("Getting image source signatures");
      for (const { digest, sizeBytes, isPresent } of event.layers) {
        sizes.set(digest, sizeBytes);
        const amount = isPresent ? undefined : { current: 0, total: sizeBytes };
        progress.show(digest, { label: blobLabel(digest), amount, state: isPresent ? skipped : undefined });
      }
      break;
    case "progress":
      progress.show(event.digest, {
        label: blobLabel(event.digest),
        amount: { current: event.copiedBytes, total: sizes.get(event.digest) ?? event.copiedBytes },
      });
      break;
    case "layer":
      progress.show(event.digest, { label: blobLabel(event.digest), state: "done" });
      break;
    case "config":
      progress.show(event.digest, { label: `Copying config ${shorten(event.digest)}`, state: "done" });
      break;
    default:
      progress.end();
      showLines(event, out);
  }
}

function blobLabel(digest: Digest): string {
  return `Copying blob ${shorten(digest)}`;
}

function shorten(digest: Digest): string {
  return digest.slice("sha256:".length, "sha256:".length + 12);
}
