import type { MountConfig, SystemdConfig } from "../../model/container-config.ts";
import type { CdiMount } from "../../oci/cdi.ts";
import type { MountSpec } from "../../oci/runtime-spec.ts";
import { parseDevice } from "../config/devices.ts";
import { tmpfsOptions } from "../config/mount-options.ts";
import type { SpecInput } from "./input.ts";

/** Where the init program of --init is in the container. */
export const initPath = "/run/dhow-init";

/** All mounts of a container, in the order of mounting: parents before children, the user's in place of the usual ones. */
export function containerMounts(input: SpecInput): MountSpec[] {
  const user = userMounts(input);
  const taken = new Set(user.map(({ destination }) => destination));
  const usual = [...kernelMounts(input), ...fileMounts(input), ...writableMounts(input)].filter(
    ({ destination }) => !taken.has(destination) && !(taken.has("/dev") && destination.startsWith("/dev/")),
  );
  return [...usual, ...user, ...input.secrets.mounts, ...deviceMounts(input)].sort(
    (a, b) => depth(a.destination) - depth(b.destination),
  );
}

function depth(path: string): number {
  return path === "/" ? 0 : path.split("/").length;
}

function mount(destination: string, type: string, options: readonly string[], source = type): MountSpec {
  return { destination, type, source, options };
}

function kernelMounts(input: SpecInput): MountSpec[] {
  const { config, host } = input;
  const deviceOptions = ["nosuid", "strictatime", "mode=755", "size=65536k"];
  const groupOption = host.mappedGroups > 5 ? ["gid=5"] : [];
  const readOnlyDev = config.readOnly && !config.readOnlyTmpfs ? ["ro"] : [];
  return [
    procMount(input),
    mount("/dev", "tmpfs", [...deviceOptions, ...readOnlyDev]),
    sysMount(input),
    mount("/dev/pts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", ...groupOption]),
    shmMount(input),
    ...mqueueMount(input),
    cgroupMount(input),
  ];
}

function procMount({ config }: SpecInput): MountSpec {
  // The host's process namespace belongs to the parent of our user namespace: a proc of our own cannot show it.
  if (config.pidMode.mode === "host") return mount("/proc", "bind", ["rbind", "nosuid", "noexec", "nodev"], "/proc");
  return mount("/proc", "proc", ["nosuid", "noexec", "nodev"]);
}

/** Whether the container shows the host's /sys: a sysfs of our own needs a network namespace of our own. */
export function showsHostSys({ network }: Pick<SpecInput, "network">): boolean {
  return network.kind === "host";
}

function sysMount(input: SpecInput): MountSpec {
  const access = input.config.privileged ? "rw" : "ro";
  // The runtime falls back on the host's by itself where it may mount none, but not to write to it.
  const isOthers = input.config.privileged && input.config.userns.mode === "private" && input.network.kind === "path";
  if (showsHostSys(input) || isOthers)
    return mount("/sys", "bind", ["rprivate", "nosuid", "noexec", "nodev", access, "rbind"], "/sys");
  return mount("/sys", "sysfs", ["nosuid", "noexec", "nodev", access]);
}

function cgroupMount({ config }: SpecInput): MountSpec {
  const open = config.security.unmask.some((path) => path.toLowerCase() === "all" || path === "/sys/fs/cgroup");
  const access = config.privileged || open || config.systemd ? "rw" : "ro";
  return mount("/sys/fs/cgroup", "cgroup", ["rprivate", "nosuid", "noexec", "nodev", "relatime", access]);
}

function shmMount({ config, sharedMemory }: SpecInput): MountSpec {
  const shared = config.ipcMode.mode === "host" ? "/dev/shm" : sharedMemory;
  if (shared !== undefined)
    return mount("/dev/shm", "bind", ["rprivate", "nosuid", "noexec", "nodev", "rbind"], shared);
  return mount("/dev/shm", "tmpfs", ["nosuid", "noexec", "nodev", "mode=1777", `size=${config.shmSizeBytes}`], "shm");
}

function mqueueMount({ config, host }: SpecInput): MountSpec[] {
  if (!host.hasMqueue || (config.ipcMode.mode === "host" && !host.showsMqueue)) return [];
  if (config.ipcMode.mode === "host")
    return [mount("/dev/mqueue", "bind", ["bind", "nosuid", "noexec", "nodev"], "/dev/mqueue")];
  return [mount("/dev/mqueue", "mqueue", ["nosuid", "noexec", "nodev"])];
}

function fileMounts({ files, userDatabase, config, initBinary }: SpecInput): MountSpec[] {
  const binds: readonly (readonly [string, string | undefined])[] = [
    ["/etc/hosts", files.hosts],
    ["/etc/resolv.conf", files.resolvConf],
    ["/etc/hostname", files.hostname],
    ["/etc/localtime", files.localtime],
    ["/etc/passwd", userDatabase.passwd],
    ["/etc/group", userDatabase.group],
    ["/run/.containerenv", files.containerenv],
  ];
  const access = config.readOnly ? ["ro"] : [];
  const roots = ["", ...(config.chrootDirs ?? []).map((path) => path.replace(/\/+$/, ""))];
  const mounts = binds.flatMap(([path, source]) =>
    source === undefined
      ? []
      : roots.map((root) => mount(`${root}${path}`, "bind", ["bind", "rprivate", ...access], source)),
  );
  if (config.init && initBinary !== undefined) {
    mounts.push(mount(initPath, "bind", ["bind", "rprivate", "ro", "nosuid", "nodev"], initBinary));
  }
  return mounts;
}

/** A read-only container keeps places for temporary files. */
function writableMounts({ config }: SpecInput): MountSpec[] {
  if (config.systemd) return systemdMounts(config.systemd);
  if (!config.readOnly || !config.readOnlyTmpfs) return [];
  return ["/run", "/tmp", "/var/tmp"].map((path) => mount(path, "tmpfs", tmpfsOptions(["rw"])));
}

/** Where systemd wants to write, and expects to find nothing of the last time. */
function systemdMounts({ tmpfsSizeBytes }: SystemdConfig): MountSpec[] {
  const size = tmpfsSizeBytes === undefined ? [] : [`size=${tmpfsSizeBytes}`];
  const options = ["rw", "rprivate", "nosuid", "nodev", "tmpcopyup", ...size];
  return ["/run", "/run/lock", "/tmp", "/var/log/journal"].map((path) => mount(path, "tmpfs", options));
}

function userMounts({ config, mountSources, mountedFiles }: SpecInput): MountSpec[] {
  return config.mounts.map((wanted) => {
    const { type, source, destination, options } = wanted;
    const prepared = mountSources.get(destination);
    if (prepared !== undefined) return mount(destination, "bind", closed(wanted, mountedFiles), prepared);
    return mount(destination, type, type === "bind" ? closed(wanted, mountedFiles) : options, source ?? type);
  });
}

/** What is mounted below a read-only folder is read-only as well: a container shall not write where nobody expects it. */
function closed(
  { source = "", options, writableSubmounts }: MountConfig,
  mountedFiles: SpecInput["mountedFiles"],
): readonly string[] {
  // crun takes what is to be closed for a directory.
  if (mountedFiles.has(source)) return options;
  if (!options.includes("ro") || !options.includes("rbind") || writableSubmounts) return options;
  return [...options, "rro"];
}

/** Nobody can make device nodes in a user namespace: the host's are bound in place. */
function deviceMounts({ config, hostDevices, deviceEdits }: SpecInput): MountSpec[] {
  const ofVendors = deviceEdits.deviceNodes.map((node) => ({ ...node, source: node.hostPath, destination: node.path }));
  const nodes = [...[...hostDevices, ...config.devices].map(parseDevice), ...ofVendors].map(
    ({ source, destination, writable }) =>
      mount(destination, "bind", ["slave", "nosuid", "noexec", writable ? "rw" : "ro", "rbind"], source),
  );
  return [...nodes, ...deviceEdits.mounts.map(vendorMount)];
}

function vendorMount({ hostPath, containerPath, type, options }: CdiMount): MountSpec {
  if (type !== undefined && type !== "bind")
    return mount(containerPath, type, [...options, "nosuid", "nodev"], hostPath);
  const isBind = options.includes("bind") || options.includes("rbind");
  return mount(containerPath, "bind", [...options, ...(isBind ? [] : ["rbind"])], hostPath);
}
