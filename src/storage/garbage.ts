import { renameSync } from "node:fs";
import type { BlobStore } from "./blobs.ts";
import type { Database } from "./database.ts";
import type { LayerStore } from "./layers.ts";
import type { Leases } from "./leases.ts";
import { keepReserve } from "./reserve.ts";
import { newTemporaryPath, readdirOrEmpty, removeAbandoned, removeTree } from "./temporary.ts";

export interface GarbageParts {
  readonly dataDirectory: string;
  readonly database: Database;
  readonly leases: Leases;
  readonly blobs: BlobStore;
  readonly layers: LayerStore;
}

/**
 * Removes what nothing needs any more: layers and blobs that no image or artifact names and no living process works with, temporary
 * files of dead processes, and folders of containers that have no record. Safe beside any other dhow process.
 * @returns Bytes of the removed layers and blobs.
 */
export function collectGarbage(parts: GarbageParts): number {
  const freed = parts.layers.collectGarbage() + collectBlobs(parts);
  collectContainerFolders(parts);
  removeAbandoned(parts.dataDirectory);
  keepReserve(parts.dataDirectory);
  return freed;
}

function collectBlobs({ database, leases, blobs }: GarbageParts): number {
  return database.transaction(() => {
    const needed = leases.alive();
    for (const { digest } of database.all<{ digest: string }>(
      `SELECT digest FROM image_blobs
       UNION SELECT digest FROM manifest_list_blobs
       UNION SELECT digest FROM artifact_blobs
       UNION SELECT digest FROM build_cache WHERE digest IS NOT NULL
       UNION SELECT index_digest FROM image_names WHERE index_digest IS NOT NULL`,
    )) {
      needed.add(digest);
    }
    let freed = 0;
    for (const digest of blobs.list()) {
      if (needed.has(digest)) continue;
      freed += blobs.findSize(digest) ?? 0;
      blobs.remove(digest);
    }
    return freed;
  });
}

/** A record is there before its folder and goes after it, so a folder without one has lost it in a crash or by hand. */
function collectContainerFolders({ dataDirectory, database }: GarbageParts): void {
  const doomed = database.transaction(() => {
    const known = new Set(database.all<{ id: string }>("SELECT id FROM containers").map(({ id }) => id));
    const orphans = readdirOrEmpty(`${dataDirectory}/containers`).filter((id) => !known.has(id));
    return orphans.flatMap((id) => moveAway(`${dataDirectory}/containers/${id}`, dataDirectory));
  });
  for (const folder of doomed) removeTree(folder);
}

/** @returns Where the folder is now; nothing if it cannot move because something is mounted in it. */
function moveAway(folder: string, dataDirectory: string): string[] {
  const temporary = newTemporaryPath(dataDirectory);
  try {
    renameSync(folder, temporary);
    return [temporary];
  } catch {
    return [];
  }
}
