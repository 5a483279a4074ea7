import { statfsSync } from "node:fs";
import type { Engine } from "../engine.ts";
import { isPaused, isRunning } from "./state.ts";

/** The store part of `info`, in podman's shape. */
export function describeStore({
  paths,
  rootfs,
  images,
  containers,
}: Pick<Engine, "paths" | "rootfs" | "images" | "containers">) {
  const states = containers.list().map(({ state }) => state);
  const paused = states.filter(isPaused).length;
  const running = states.filter(isRunning).length - paused;
  const { blocks, bfree, bsize } = statfsSync(paths.data);
  return {
    configFile: "",
    containerStore: { number: states.length, paused, running, stopped: states.length - paused - running },
    graphDriverName: rootfs.name,
    graphOptions: {},
    graphRoot: paths.data,
    graphRootAllocated: blocks * bsize,
    graphRootUsed: (blocks - bfree) * bsize,
    graphStatus: {},
    imageCopyTmpDir: `${paths.data}/tmp`,
    imageStore: { number: images.list().length },
    runRoot: paths.run,
    volumePath: `${paths.data}/volumes`,
  };
}
