import type { ForegroundEnd } from "../../container/foreground.ts";

const brokenPipe = 141;

/** What a command exits with that ran or started a container in the foreground. */
export function exitCodeOf(end: ForegroundEnd): number {
  switch (end.kind) {
    case "exited":
      // A process cannot exit with -1.
      return end.exitCode & 0xff;
    case "detached":
      return 0;
    case "broken-pipe":
      return brokenPipe;
  }
}
