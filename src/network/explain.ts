import { DhowError } from "../errors.ts";
import type { PortMapping } from "../model/container-config.ts";
import { findTakenPort, portInUse } from "./ports.ts";

/** Lines that pasta writes on every machine without a system logger. */
const noise = /^Failed to send \d+ bytes to syslog$/;

/** Why a network helper failed: a published port that is taken, else its own words. */
export function explainFailure(helper: string, output: string, ports: readonly PortMapping[]): DhowError {
  const taken = findTakenPort(ports);
  if (taken !== undefined) return portInUse(taken);
  const lines = output.split("\n").map((line) => line.trim());
  const usage = lines.findIndex((line) => line.startsWith("Usage:"));
  const words = lines.slice(0, usage < 0 ? undefined : usage).filter((line) => line !== "" && !noise.test(line));
  return new DhowError(
    `cannot set up the container's network: ${helper} failed: ${words.join("; ") || "it gave no reason"}`,
    {
      kind: "unavailable",
      hint: "containers run without this network with --network none or --network host",
    },
  );
}
