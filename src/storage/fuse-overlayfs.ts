import type { IdRange } from "../model/id-ranges.ts";
import { isMountPoint, unmountAll } from "./mounts.ts";
import { changesInUpper, prepareOverlayFolders } from "./overlay-folders.ts";
import type { RootfsDriver } from "./rootfs.ts";

/** fuse-overlayfs: one helper process a container, for kernels whose overlayfs no user namespace may mount. */
export const fuseOverlayfsDriver: RootfsDriver = {
  name: "fuse-overlayfs",
  prepare(request) {
    const { cwd, options } = prepareOverlayFolders(request);
    const flags = request.readOnly ? ["ro"] : request.volatile ? ["volatile"] : [];
    if (request.shift)
      flags.push(`uidmapping=${mapping(request.shift.uids)}`, `gidmapping=${mapping(request.shift.gids)}`);
    return { commands: [["fuse-overlayfs", "-o", [...flags, ...options].join(","), request.target]], cwd };
  },
  changesOf: (request) => changesInUpper(request, { usesWhiteoutFiles: true }),
  isMounted: isMountPoint,
  unmount: unmountAll,
};

function mapping(ranges: readonly IdRange[]): string {
  return ranges.map(({ containerId, hostId, size }) => `${containerId}:${hostId}:${size}`).join(":");
}
