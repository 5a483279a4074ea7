import type { Contestant } from "./engines.ts";

export interface Measurement {
  readonly dhow: number;
  readonly podman: number;
  readonly unit: "ms" | "MiB";
  /** What `podman` stands for, if it is something else. */
  readonly baseline?: string;
}

export interface Row {
  readonly name: string;
  readonly title: string;
  /** The largest ratio dhow / podman that we accept. */
  readonly budget: number;
  measure(engines: { dhow: Contestant; podman: Contestant }): Promise<Measurement>;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
