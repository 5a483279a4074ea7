import { existsSync, writeFileSync } from "node:fs";
import type { Engine } from "../../engine.ts";
import type { NetworkPlace } from "../../network/network.ts";
import { planNetwork } from "../../network/plan.ts";
import type { ContainerRecord } from "../../storage/containers.ts";
import { hostnameOf } from "../spec/generate.ts";

/**
 * Writes a running container's hosts and resolv.conf anew. They are mounted into it, so they are changed in place; what the
 * container itself has written into them is lost.
 */
export function refreshNetworkFiles(
  { containers }: Pick<Engine, "containers">,
  { id, name, config }: Pick<ContainerRecord, "id" | "name" | "config">,
  places: readonly NetworkPlace[],
): void {
  const runDirectory = containers.runDirectory(id);
  const { resolvConf, hosts } = planNetwork({
    containerId: id,
    // Its ports are taken: by itself.
    config: { ...config.network, ports: [] },
    runDirectory,
    places,
  });
  const texts = {
    hosts: hosts({ hostname: hostnameOf({ config, containerId: id }), aliases: [name] }),
    "resolv.conf": resolvConf,
  };
  for (const [file, text] of Object.entries(texts)) {
    const path = `${runDirectory}/files/${file}`;
    if (text !== undefined && existsSync(path)) writeFileSync(path, text);
  }
}
