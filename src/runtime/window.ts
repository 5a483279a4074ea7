import { closeSync, constants, openSync, writeSync } from "node:fs";
import { runFiles } from "./files.ts";

/** Tells the monitor the size of the window that shows the container's terminal. A monitor that is gone is not a failure. */
export function resizeTerminal(directory: string, { rows, columns }: { rows: number; columns: number }): void {
  try {
    const fifo = openSync(runFiles(directory).control, constants.O_WRONLY | constants.O_NONBLOCK);
    try {
      writeSync(fifo, `1 ${rows} ${columns}\n`);
    } finally {
      closeSync(fifo);
    }
  } catch {
    // Nobody reads the fifo: the container has ended.
  }
}
