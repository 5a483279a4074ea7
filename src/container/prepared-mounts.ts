import type { ContainerConfig, MountConfig } from "../model/container-config.ts";

/** Whether a mount takes more than a line in the runtime spec: it is made before the container is, and undone after it. */
export function needsPreparation({ type, overlay, chown }: MountConfig): boolean {
  return type === "volume" || type === "image" || overlay !== undefined || chown === true;
}

/** Names of the volumes that a container uses. */
export function volumesOf({ mounts }: Pick<ContainerConfig, "mounts">): string[] {
  const names = mounts.flatMap(({ type, source }) => (type === "volume" && source !== undefined ? [source] : []));
  return [...new Set(names)];
}
