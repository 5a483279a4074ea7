import type { Engine } from "../engine.ts";
import type { ContainerConfig, PortMapping } from "../model/container-config.ts";

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

/** The ports by which a container can be reached: its own, or those of the container whose network it has joined. */
export function publishedPorts(
  engine: Pick<Engine, "containers">,
  { network }: Pick<ContainerConfig, "network">,
): readonly PortMapping[] {
  const owner = network.containerId === undefined ? undefined : engine.containers.find(network.containerId);
  return owner ? publishedPorts(engine, owner.config) : network.ports;
}
