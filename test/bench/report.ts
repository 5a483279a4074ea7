import type { Measurement, Row } from "./measurement.ts";

/** Prints one row as a line: figures, ratio, budget. */
export function report({ name, title, budget }: Row, { dhow, podman, unit, baseline = "podman" }: Measurement): void {
  const ratio = dhow / podman;
  const verdict = ratio <= budget ? "within" : "OVER";
  const figure = (value: number) => `${value.toFixed(1)} ${unit}`.padStart(12);
  console.log(
    `${name.padEnd(14)} ${baseline} ${figure(podman)}  dhow ${figure(dhow)}  ratio ${ratio.toFixed(2)} (${verdict} ${budget})  ${title}`,
  );
}
