import { isMountPoint, unmountAll } from "./mounts.ts";
import { changesInUpper, prepareOverlayFolders } from "./overlay-folders.ts";
import type { MountPlan, RootfsDriver, RootfsRequest } from "./rootfs.ts";

/** mount(8) since 2.39 hands options to fsconfig(2), which takes 255 bytes at most, unless it is told not to. */
const longestFsconfigValue = 255;

/** The kernel's overlayfs, mounted inside a user namespace. */
export const overlayDriver: RootfsDriver = {
  name: "overlay",
  prepare,
  changesOf: (request) => changesInUpper(request, { usesWhiteoutFiles: false }),
  isMounted: isMountPoint,
  unmount: unmountAll,
};

function prepare(request: RootfsRequest): MountPlan {
  const { cwd, options } = prepareOverlayFolders(request);
  const flags = ["userxattr", ...(request.readOnly ? ["ro"] : request.volatile ? ["volatile"] : [])];
  const mount = ["mount", "-t", "overlay", "-o", [...flags, ...options].join(","), "overlay", request.target] as const;
  const isLong = options.some((option) => option.length > longestFsconfigValue);
  return { commands: [isLong ? ["env", "LIBMOUNT_FORCE_MOUNT2=always", ...mount] : mount], cwd };
}
