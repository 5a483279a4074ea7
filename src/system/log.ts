import { writeSync } from "node:fs";

/** From the most to the least talkative. Warnings and errors are shown by whoever reports them. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error";

const order: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error"];
let threshold: LogLevel = "warn";

/** From which level on `log` says something; "warn" at first. */
export function setLogLevel(level: LogLevel): void {
  threshold = level;
}

/** Says on stderr what dhow does, for --log-level trace, debug and info. Never credentials. The form is Podman's. */
export function log(level: "trace" | "debug" | "info", message: string): void {
  if (order.indexOf(level) < order.indexOf(threshold)) return;
  const time = new Date().toISOString().replace(/\.\d+/, "");
  try {
    writeSync(2, `time="${time}" level=${level} msg=${JSON.stringify(message)}\n`);
  } catch {
    // Nobody reads stderr.
  }
}
