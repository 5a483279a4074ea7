import { lstatSync, readdirSync } from "node:fs";
import type { Engine } from "../engine.ts";
import type { ContainerRecord } from "../storage/containers.ts";

export interface ContainerSizes {
  /** Bytes of the files that the container has written. */
  readonly writtenBytes: number;
  /** Those and the image's. */
  readonly totalBytes: number;
}

/** Measures a container's files on disk. Takes as long as `du`. */
export function measureContainer(
  { containers, images, rootfs }: Pick<Engine, "containers" | "images" | "rootfs">,
  { id, config }: ContainerRecord,
): ContainerSizes {
  const imageBytes = (config.rootfs ? undefined : images.find(config.imageId)?.sizeBytes) ?? 0;
  const ownBytes = treeBytes(`${containers.directory(id)}/diff`);
  const isCopy = rootfs.name === "vfs" && ownBytes > 0;
  return isCopy
    ? { writtenBytes: Math.max(ownBytes - imageBytes, 0), totalBytes: ownBytes }
    : { writtenBytes: ownBytes, totalBytes: imageBytes + ownBytes };
}

/** Bytes of all regular files; hard links count once. What vanishes meanwhile does not count. */
function treeBytes(root: string): number {
  const seen = new Set<number>();
  const folders = [Buffer.from(root)];
  let bytes = 0;
  for (let folder = folders.pop(); folder; folder = folders.pop()) {
    for (const entry of entriesOf(folder)) {
      const path = Buffer.concat([folder, Buffer.from("/"), entry.name]);
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile()) bytes += fileBytes(path, seen);
    }
  }
  return bytes;
}

function fileBytes(path: Buffer, seen: Set<number>): number {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats || seen.has(stats.ino)) return 0;
  if (stats.nlink > 1) seen.add(stats.ino);
  return stats.size;
}

function entriesOf(folder: Buffer) {
  try {
    return readdirSync(folder, { withFileTypes: true, encoding: "buffer" });
  } catch {
    return [];
  }
}
