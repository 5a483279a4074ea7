import type { ContainerConfig } from "../model/container-config.ts";

/** Hex ids of the containers that a container needs: those whose namespaces it joins, and those that it was told to need. */
export function dependenciesOf(config: ContainerConfig): string[] {
  const { pidMode, ipcMode, utsMode, cgroupMode, network, userns, requires = [] } = config;
  const joined = [pidMode, ipcMode, utsMode, cgroupMode].flatMap((mode) =>
    mode.mode === "container" ? [mode.id] : [],
  );
  if (network.containerId !== undefined) joined.push(network.containerId);
  if (userns.mode === "joined" && userns.containerId !== undefined) joined.push(userns.containerId);
  return [...new Set([...joined, ...requires])];
}
