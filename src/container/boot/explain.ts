import { existsSync, writeFileSync } from "node:fs";
import type { Engine } from "../../engine.ts";

/** Present once the user knows what starts containers after a boot, or has set it up. */
export function startOnBootMarker(dataDirectory: string): string {
  return `${dataDirectory}/start-on-boot`;
}

/** Tells the user once what containers that are to come back after a reboot need. */
export function explainStartOnBoot({ paths, warn }: Pick<Engine, "paths" | "warn">, policy: string): void {
  if (policy !== "always" && policy !== "unless-stopped") return;
  const marker = startOnBootMarker(paths.data);
  if (existsSync(marker)) return;
  writeFileSync(marker, "told\n", { mode: 0o600 });
  warn(`--restart=${policy} starts the container again after a reboot once you have run: dhow system start-on-boot`);
}
