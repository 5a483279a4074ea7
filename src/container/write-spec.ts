import { readFileSync, statSync, writeFileSync } from "node:fs";
import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import type { ContainerConfig } from "../model/container-config.ts";
import type { NetworkPlan } from "../network/network.ts";
import { type CdiEdits, noCdiEdits } from "../oci/cdi.ts";
import type { CompiledFilters } from "../runtime/compiled-filters.ts";
import { runFiles } from "../runtime/files.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import { getVariable } from "../system/environment.ts";
import { findProgram } from "../system/process.ts";
import type { CgroupChoice } from "./cgroups.ts";
import { seccompLabel } from "./config/security.ts";
import { keptLimits } from "./limits.ts";
import { findJoinedNamespaces, sharedMemoryOf } from "./namespaces.ts";
import { resolveOwner } from "./plan-network.ts";
import { needsPreparation } from "./prepared-mounts.ts";
import { reachableRootfs } from "./reachable-rootfs.ts";
import { useSecrets } from "./secrets.ts";
import { containerenvText, writeContainerFiles, writeUserDatabase } from "./spec/files.ts";
import { generateSpec, hostnameOf, serializeSpec } from "./spec/generate.ts";
import { listHostDevices } from "./spec/host-devices.ts";
import { readHostFacts } from "./spec/host-facts.ts";
import { ensureDirectoryInRoot, hasDirectoryInRoot, overwriteInRoot } from "./spec/rootfs-path.ts";
import { lookUpUser, type ResolvedUser, resolveUser } from "./spec/user.ts";
import { completeUserDatabase, type UserDatabase } from "./spec/user-database.ts";
import { ownerOf, withOwnIds } from "./user-ids.ts";
import type { MountEngine, MountPlace, MountSources } from "./user-mounts.ts";

export interface SpecRequest {
  readonly network: NetworkPlan;
  readonly cgroups: Pick<CgroupChoice, "path" | "controllers">;
  readonly filters: CompiledFilters;
}

/** A spec that lacks only what has to be looked up in the root filesystem. */
export interface SpecDraft {
  /** Mounts what the user wants mounted, and writes the spec into the run folder. The root filesystem must be mounted. */
  write(): Promise<void>;
  /** Keeps what the runtime has made of the spec and would make again the next time. Call it once the container is created. */
  keepCompiled(): void;
}

/** Does what can be done for a container's runtime spec before its root filesystem is mounted. */
export function draftSpec(
  engine: MountEngine & Pick<Engine, "globals">,
  { id, name, config }: ContainerRecord,
  { network, cgroups, filters }: SpecRequest,
): SpecDraft {
  const runDirectory = engine.containers.runDirectory(id);
  const { rootfs, config: specFile, runtimeRoot } = runFiles(runDirectory);
  const hostname = hostnameOf({ config, containerId: id });
  const files = writeContainerFiles(
    runDirectory,
    {
      hosts: network.hosts({ hostname, aliases: [name] }),
      resolvConf: network.resolvConf,
      hostname: config.network.noHostname ? undefined : `${hostname}\n`,
      containerenv: containerenvText(config, { id, name, rootless: getVariable("DHOW_UID") !== "0" }),
    },
    { timezone: config.timezone, sharedWith: networkOwnerDirectory(engine, config) },
  );
  const input = {
    containerId: id,
    config,
    rootfsPath: reachableRootfs(id, config) ?? rootfs,
    network: network.namespace,
    mountedFiles: findMountedFiles(config),
    secrets: useSecrets(engine, { id, config }),
    joined: findJoinedNamespaces(engine, config),
    sharedMemory: sharedMemoryOf(engine, { id, config }),
    files,
    initBinary: config.init ? findInit(config) : undefined,
    seccompProfile: readProfile(config),
    cgroupsPath: cgroups.path,
    limits: keptLimits(config.resources, cgroups.controllers),
    hostDevices: config.privileged ? listHostDevices().filter((path) => !isConsole(path)) : [],
    host: withOwnIds(readHostFacts(), config),
  };
  let uncompiled: string | undefined;
  return {
    async write() {
      if (config.argv[0] === "") throw withoutCommand();
      const user = resolveUser(rootfs, config.user, config.groupAdd);
      const owner = ownerOf(config, user);
      if (config.workdir !== "/") prepareWorkdir(rootfs, { id, config }, owner);
      const database = completeUserDatabase(rootfs, { user, passwd: config.passwd, home: config.workdir });
      const userDatabase = writeUserDatabase(
        runDirectory,
        config.readOnly || config.rootfs ? database : keepInRoot(rootfs, database),
      );
      const mountSources = await prepareMounts(engine, { id, config }, { rootfs, user: owner });
      const deviceEdits = config.cdiDevices ? await findEdits(engine, config) : noCdiEdits;
      const spec = generateSpec({
        ...input,
        user: withHome(user, database),
        ...{ userDatabase, mountSources, deviceEdits },
      });
      const profile = spec.linux.seccomp && JSON.stringify(spec.linux.seccomp);
      const compiled = profile === undefined ? {} : filters.find(profile);
      if (!compiled) uncompiled = profile;
      const annotations = { ...spec.annotations, ...compiled };
      writeFileSync(specFile, serializeSpec({ ...spec, annotations }), { mode: 0o600 });
    },
    keepCompiled() {
      if (uncompiled !== undefined) filters.keep(uncompiled, { id, runtimeRoot });
    },
  };
}

async function findEdits(engine: Pick<Engine, "paths" | "globals">, config: ContainerConfig): Promise<CdiEdits> {
  return (await import("./cdi.ts")).findDeviceEdits(engine, config);
}

/** Runtimes say different things about it. */
function withoutCommand(): DhowError {
  return new DhowError(
    "executable file `` not found in $PATH: No such file or directory: OCI runtime attempted to invoke a command that was not found",
    { kind: "not-found", exitCode: 127, hint: "name a command behind the root filesystem" },
  );
}

/**
 * Makes the image's working directory if it is not there, as Docker does; not the one that the user has named.
 * @throws {DhowError} `not-found`, exit code 126.
 */
function prepareWorkdir(
  rootfs: string,
  { id, config }: Pick<ContainerRecord, "id" | "config">,
  owner: { uid: number; gid: number },
): void {
  const { workdir, workdirMustExist, mounts } = config;
  const isBelow = (path: string, other: string) => `${path}/`.startsWith(`${other.replace(/\/$/, "")}/`);
  const mounted = [...mounts.map(({ destination }) => destination), ...["/dev", "/proc", "/run", "/sys"]];
  const isMounted = mounted.some((path) => isBelow(workdir, path) || isBelow(path, workdir));
  if (workdirMustExist && !isMounted && !hasDirectoryInRoot(rootfs, workdir)) {
    throw new DhowError(`workdir ${JSON.stringify(workdir)} does not exist on container ${id}`, {
      kind: "not-found",
      exitCode: 126,
    });
  }
  ensureDirectoryInRoot(rootfs, workdir, owner);
}

/** Completed files go into the container's own root where that can be written, so that programs can change them. */
function keepInRoot(rootfs: string, { passwd, group }: UserDatabase): UserDatabase {
  const keep = (path: string, text: string | undefined) =>
    text !== undefined && overwriteInRoot(rootfs, path, text) ? undefined : text;
  return { passwd: keep("/etc/passwd", passwd), group: keep("/etc/group", group) };
}

/** The home of a user that the image does not know is the one that its new line says. */
function withHome(user: ResolvedUser, { passwd }: UserDatabase): ResolvedUser {
  if (user.known || passwd === undefined) return user;
  return { ...user, home: lookUpUser({ passwd, group: undefined }, `${user.uid}`, []).home };
}

/** Most containers have nothing to prepare. */
async function prepareMounts(
  engine: MountEngine,
  record: Pick<ContainerRecord, "id" | "config">,
  place: MountPlace,
): Promise<MountSources> {
  if (!record.config.mounts.some(needsPreparation)) return new Map();
  return (await import("./user-mounts.ts")).prepareUserMounts(engine, record, place);
}

/** The host's consoles are no user's, and a systemd in the container would open logins on them. */
function isConsole(path: string): boolean {
  return /^\/dev\/tty\d+$/.test(path);
}

export function findMountedFiles({ mounts }: ContainerConfig): Set<string> {
  const sources = mounts.flatMap(({ type, source }) => (type === "bind" && source !== undefined ? [source] : []));
  return new Set(sources.filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === false));
}

/** Run folder of the container whose network a container joins. */
function networkOwnerDirectory(
  { containers }: Pick<Engine, "containers">,
  { network }: ContainerConfig,
): string | undefined {
  return network.containerId === undefined
    ? undefined
    : containers.runDirectory(resolveOwner(containers, network.containerId).id);
}

function findInit({ initPath }: ContainerConfig): string {
  const path = initPath ?? findProgram("catatonit");
  if (path !== undefined) return path;
  throw new DhowError("container-init binary not found on the host: catatonit is not installed", {
    kind: "unavailable",
    hint: "install the package catatonit, or name another program with --init-path",
  });
}

function readProfile({ security, imageDefaults }: ContainerConfig): string | undefined {
  if (security.seccompOfImage) return imageDefaults.Labels?.[seccompLabel];
  const { seccomp } = security;
  if (seccomp === undefined || seccomp === "unconfined") return undefined;
  try {
    return readFileSync(seccomp, "utf8");
  } catch (cause) {
    throw new DhowError(`opening seccomp profile failed: cannot read ${seccomp}`, { kind: "not-found", cause });
  }
}
