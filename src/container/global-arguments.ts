import type { Engine } from "../engine.ts";

/** For a dhow that is started by a container's processes: it must find the same stores as this one. */
export function globalArguments({ paths, globals }: Pick<Engine, "paths" | "globals">): string[] {
  const { root, runroot, runtime, runtimeFlags = [], conmon, storageDriver } = globals;
  const { cgroupManager, cdiSpecDirs = [], storageOpts } = globals;
  return [
    ...(root === undefined ? [] : ["--root", paths.data]),
    ...(runroot === undefined ? [] : ["--runroot", paths.run]),
    ...(runtime === undefined ? [] : ["--runtime", runtime]),
    ...runtimeFlags.flatMap((flag) => ["--runtime-flag", flag]),
    ...(conmon === undefined ? [] : ["--conmon", conmon]),
    ...(storageDriver === undefined ? [] : ["--storage-driver", storageDriver]),
    ...(cgroupManager === undefined ? [] : ["--cgroup-manager", cgroupManager]),
    ...cdiSpecDirs.flatMap((folder) => ["--cdi-spec-dir", folder]),
    ...storageOpts.flatMap((option) => ["--storage-opt", option]),
  ];
}
