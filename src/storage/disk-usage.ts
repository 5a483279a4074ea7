import { lstatSync } from "node:fs";
import type { Digest } from "../oci/digest.ts";
import { tryRun } from "../system/process.ts";
import type { Database } from "./database.ts";
import { readdirOrEmpty } from "./temporary.ts";

const blockBytes = 512;

/** What files and folders take on the disk, in bytes: blocks, as du counts them, not lengths. What vanishes meanwhile does not count. */
export function measureFolders(folders: readonly string[]): number[] {
  const present = folders.filter((folder) => lstatSync(folder, { throwIfNoEntry: false }));
  const sizes = new Map<string, number>();
  // Whatever du cannot read or does not find any more, it says on stderr, and goes on.
  for (let start = 0; start < present.length; start += mostFolders) {
    const part = present.slice(start, start + mostFolders);
    const { stdout } = tryRun(["du", "--summarize", "--block-size=1", "--one-file-system", "--null", "--", ...part]);
    for (const line of stdout.split("\0")) {
      const tab = line.indexOf("\t");
      if (tab > 0) sizes.set(line.slice(tab + 1), Number(line.slice(0, tab)));
    }
  }
  return folders.map((folder) => sizes.get(folder) ?? 0);
}

/** As many paths as surely fit on a command line. */
const mostFolders = 500;

/** What a layer takes on the disk. */
export interface LayerUsage {
  readonly chainId: Digest;
  readonly parent: Digest | undefined;
  readonly diskBytes: number;
}

interface LayerRow {
  readonly chain_id: Digest;
  readonly parent: Digest | null;
  readonly id: string;
  readonly disk_bytes: number | null;
}

/** What every unpacked layer takes; of both kinds, if there are both. Each is measured once in its life. */
export function measureLayers(dataDirectory: string, database: Database): LayerUsage[] {
  const rows = database.all<LayerRow>("SELECT chain_id, parent, id, disk_bytes FROM layers");
  const unmeasured = rows.filter(({ disk_bytes }) => disk_bytes === null);
  const sizes = measureFolders(unmeasured.map(({ id }) => `${dataDirectory}/layers/${id}`));
  const measured = new Map(unmeasured.map(({ id }, position) => [id, sizes[position] ?? 0]));
  remember(database, measured);
  return rows.map(({ chain_id, parent, id, disk_bytes }) => ({
    chainId: chain_id,
    parent: parent ?? undefined,
    diskBytes: disk_bytes ?? measured.get(id) ?? 0,
  }));
}

function remember(database: Database, sizes: ReadonlyMap<string, number>): void {
  if (sizes.size === 0) return;
  try {
    database.transaction(() => {
      for (const [id, bytes] of sizes) database.run("UPDATE layers SET disk_bytes = ? WHERE id = ?", bytes, id);
    });
  } catch {
    // On a full disk they are measured again the next time.
  }
}

/** What every stored blob takes. */
export function measureBlobs(dataDirectory: string): Map<string, number> {
  const directory = `${dataDirectory}/blobs/sha256`;
  const sizes = new Map<string, number>();
  for (const hex of readdirOrEmpty(directory)) {
    const blocks = lstatSync(`${directory}/${hex}`, { throwIfNoEntry: false })?.blocks ?? 0;
    sizes.set(`sha256:${hex}`, blocks * blockBytes);
  }
  return sizes;
}
