import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { chooseCgroups } from "../../container/cgroups.ts";
import { newContainerId } from "../../container/id.ts";
import { keptLimits } from "../../container/limits.ts";
import { containerenvText, writeContainerFiles, writeUserDatabase } from "../../container/spec/files.ts";
import { generateSpec, hostnameOf, serializeSpec } from "../../container/spec/generate.ts";
import { listHostDevices } from "../../container/spec/host-devices.ts";
import { readHostFacts } from "../../container/spec/host-facts.ts";
import { ensureDirectoryInRoot } from "../../container/spec/rootfs-path.ts";
import { resolveUser } from "../../container/spec/user.ts";
import { completeUserDatabase } from "../../container/spec/user-database.ts";
import { findMountedFiles } from "../../container/write-spec.ts";
import type { Engine } from "../../engine.ts";
import type { ContainerConfig } from "../../model/container-config.ts";
import { planNetwork } from "../../network/plan.ts";
import { releaseNetwork } from "../../network/release.ts";
import { noCdiEdits } from "../../oci/cdi.ts";
import { compiledFilters } from "../../runtime/compiled-filters.ts";
import { runFiles } from "../../runtime/files.ts";
import { runDirectly } from "../../runtime/run-directly.ts";
import { findRuntimeTools } from "../../runtime/tools.ts";
import { removeTree } from "../../storage/temporary.ts";
import { getVariable } from "../../system/environment.ts";
import { buildRunFolder } from "./leftovers.ts";

export interface StepRun {
  /** Program, user, environment, mounts and everything else. */
  readonly config: ContainerConfig;
  /** Unpacked layers, top first. */
  readonly layers: readonly string[];
  /** Gets what the program changes; a temporary folder. */
  readonly folder: string;
  readonly onOutput: (stream: "stdout" | "stderr", chunk: Buffer) => void;
  readonly signal: AbortSignal | undefined;
  /** Called when the root filesystem is mounted there, before the program runs. */
  readonly onMounted?: (rootfs: string) => void;
}

/**
 * Runs the program of a step as a container's is run. What it changed is in the folder afterwards; nothing else is left.
 * @returns Its exit code.
 * @throws {DhowError} If it cannot be invoked.
 */
export async function executeStep(engine: Engine, step: StepRun): Promise<number> {
  const { config, layers, folder, onOutput, signal } = step;
  const id = newContainerId();
  const runDirectory = `${buildRunFolder(engine)}/${basename(folder)}`;
  const { rootfs, config: specFile, runtimeRoot } = runFiles(runDirectory);
  mkdirSync(rootfs, { recursive: true, mode: 0o700 });
  const { manager, path: cgroupsPath, controllers } = chooseCgroups(engine, { id, config });
  const tools = findRuntimeTools({ ...engine.globals, cgroupManager: manager });
  const filters = compiledFilters(engine.paths.run, tools);
  const network = planNetwork({ containerId: id, config: config.network, runDirectory });
  let uncompiled: string | undefined;
  const prepare = async () => {
    step.onMounted?.(rootfs);
    const user = resolveUser(rootfs, config.user, config.groupAdd);
    if (config.workdir !== "/") ensureDirectoryInRoot(rootfs, config.workdir, user);
    const hostname = hostnameOf({ config, containerId: id });
    const files = writeContainerFiles(
      runDirectory,
      {
        hosts: network.hosts({ hostname, aliases: [] }),
        resolvConf: network.resolvConf,
        hostname: config.network.noHostname ? undefined : `${hostname}\n`,
        containerenv: containerenvText(config, { id, name: "", rootless: getVariable("DHOW_UID") !== "0" }),
      },
      { timezone: undefined, sharedWith: undefined },
    );
    const database = completeUserDatabase(rootfs, { user, passwd: config.passwd, home: config.workdir });
    const spec = generateSpec({
      ...{ containerId: id, config, rootfsPath: rootfs, user, network: network.namespace, joined: {}, files },
      userDatabase: writeUserDatabase(runDirectory, database),
      ...{
        mountSources: new Map(),
        mountedFiles: findMountedFiles(config),
        secrets: { mounts: [], env: [] },
        sharedMemory: undefined,
        initBinary: undefined,
      },
      ...{ seccompProfile: undefined, cgroupsPath, hostDevices: config.privileged ? listHostDevices() : [] },
      ...{ deviceEdits: noCdiEdits, limits: keptLimits(config.resources, controllers) },
      host: readHostFacts(),
    });
    const profile = spec.linux.seccomp && JSON.stringify(spec.linux.seccomp);
    const compiled = profile === undefined ? {} : filters.find(profile);
    if (!compiled) uncompiled = profile;
    const annotations = { ...spec.annotations, ...compiled };
    writeFileSync(specFile, serializeSpec({ ...spec, annotations }), { mode: 0o600 });
  };
  // The runtime shows what it has compiled for as long as the container is there.
  const watch = setInterval(() => {
    if (uncompiled === undefined || !existsSync(`${runtimeRoot}/${id}/seccomp.bpf`)) return;
    filters.keep(uncompiled, { id, runtimeRoot });
    uncompiled = undefined;
  }, 10);
  try {
    return await runDirectly({
      ...{ tools, id, runDirectory, temporaryFolders: [folder], onOutput, signal, prepare },
      mount: engine.rootfs.prepare({ layers, containerDirectory: folder, target: rootfs, volatile: true }),
      ...{ network: network.commands, connect: network.connect, networkError: network.explain },
    });
  } finally {
    clearInterval(watch);
    releaseNetwork(network.state);
    engine.rootfs.unmount(rootfs);
    removeTree(runDirectory);
  }
}
