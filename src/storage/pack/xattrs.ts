import { libc } from "../../system/libc.ts";
import { isReservedXattr } from "../unpack/metadata.ts";
import { listXattrs } from "./overlay-marks.ts";

/** As Podman's and Docker's layers: what programs need to work, and what users wrote. */
const kept = /^(?:user\.|security\.(?:capability|ima)$)/;

/** The attributes of a file that belong into a layer, ordered by name. */
export function keptXattrs(path: string | Buffer): ReadonlyMap<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (const name of [...listXattrs(path)].sort()) {
    // A keyword of an extended header ends at its first equals sign.
    if (!kept.test(name) || isReservedXattr(name) || name.includes("=")) continue;
    const value = readXattr(path, name);
    if (value) found.set(name, value);
  }
  return found;
}

function readXattr(path: string | Buffer, name: string): Buffer | undefined {
  try {
    return libc().getXattr(path, name);
  } catch {
    // It has gone, or is not ours to read.
    return undefined;
  }
}
