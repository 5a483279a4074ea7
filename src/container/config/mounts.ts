import type { ContainerConfig, MountConfig } from "../../model/container-config.ts";
import { isCdiName } from "../../oci/cdi.ts";
import type { ContainerDefaults } from "../../oci/image.ts";
import { parseDevices } from "./devices.ts";
import type { CallerFacts, MountFlags } from "./flags.ts";
import { parseMount } from "./mount-flag.ts";
import { tmpfsOptions } from "./mount-options.ts";
import { parseSecrets } from "./secrets.ts";
import { cut, invalid, parseBytes, splitList } from "./values.ts";
import { anonymousVolume, checkDestination, parseVolume, splitOptions } from "./volume-flag.ts";
import { volumesFrom } from "./volumes-from.ts";

export type MountPart = Pick<
  ContainerConfig,
  | "mounts"
  | "secrets"
  | "volumesFrom"
  | "readOnly"
  | "readOnlyTmpfs"
  | "shmSizeBytes"
  | "devices"
  | "cdiDevices"
  | "chrootDirs"
>;

/** What file systems the container gets beside those of every container. */
export function buildMounts(flags: MountFlags, image: ContainerDefaults, caller: CallerFacts): MountPart {
  const given = new Map<string, MountConfig>();
  for (const entry of flags.mount) for (const mount of parseMount(entry, caller)) add(given, mount);
  for (const entry of flags.volume) add(given, parseVolume(entry, caller));
  for (const entry of flags.tmpfs) addTmpfs(given, parseTmpfs(entry));
  const from = flags["volumes-from"];
  // What the user gave goes before what comes from other containers, and that before what the image asks for.
  const mounts = new Map(
    imageVolumes(flags["image-volume"] ?? caller.configured.imageVolumeMode ?? "", image).map((mount) => [
      mount.destination,
      mount,
    ]),
  );
  for (const mount of volumesFrom(from, caller)) mounts.set(mount.destination, mount);
  for (const mount of given.values()) mounts.set(mount.destination, mount);
  const devices = splitList(flags.device);
  const cdiDevices = [...devices.filter(isCdiName), ...flags.gpus.map(gpuDevice)];
  return {
    mounts: [...mounts.values()],
    secrets: parseSecrets(flags.secret),
    volumesFrom: from,
    readOnly: flags["read-only"],
    readOnlyTmpfs: flags["read-only-tmpfs"],
    shmSizeBytes: parseShmSize(flags["shm-size"]),
    devices: parseDevices(
      devices.filter((text) => !isCdiName(text)),
      caller,
    ),
    ...(cdiDevices.length === 0 ? {} : { cdiDevices }),
    ...(flags.chrootdirs.length > 0 ? { chrootDirs: splitList(flags.chrootdirs).map(checkDestination) } : {}),
  };
}

/** `all`, or a number or name that NVIDIA's CDI files have. Docker's form `device=0` stands for the same. */
function gpuDevice(text: string): string {
  const name = `nvidia.com/gpu=${text.replace(/^"?device=/, "").replace(/"$/, "")}`;
  if (!isCdiName(name)) throw invalid(`invalid --gpus ${JSON.stringify(text)}: give all, a number or a name`);
  return name;
}

function add(mounts: Map<string, MountConfig>, mount: MountConfig): void {
  const other = mounts.get(mount.destination);
  if (other && !isSame(other, mount)) throw invalid(`${mount.destination}: duplicate mount destination`);
  mounts.set(mount.destination, mount);
}

/** Named volumes are the same by their name, as in podman. */
function isSame(one: MountConfig, other: MountConfig): boolean {
  if (one.type === "volume" && other.type === "volume") return one.source !== undefined && one.source === other.source;
  return JSON.stringify(one) === JSON.stringify(other);
}

function addTmpfs(mounts: Map<string, MountConfig>, mount: MountConfig): void {
  const other = mounts.get(mount.destination);
  if (other && JSON.stringify(other) !== JSON.stringify(mount)) {
    throw invalid(`${mount.destination}: duplicate mount destination`);
  }
  mounts.set(mount.destination, mount);
}

/** `destination[:options]`. */
function parseTmpfs(entry: string): MountConfig {
  const [destination, options] = cut(entry, ":");
  return {
    type: "tmpfs",
    source: undefined,
    destination: checkDestination(destination),
    options: tmpfsOptions(splitOptions(options)),
  };
}

/** The image's own volumes are volumes of the container, or tmpfs when asked. */
function imageVolumes(mode: string, image: ContainerDefaults): MountConfig[] {
  const make = imageVolumeKinds[mode.toLowerCase()];
  if (!make) throw invalid(`invalid image-volume type ${JSON.stringify(mode)}. Pick one of bind, tmpfs, or ignore`);
  return Object.keys(image.Volumes ?? {}).flatMap((path) => {
    // Dockerfiles can name a volume by what is no absolute path: it counts from the root, as with Docker.
    const mount = make(checkDestination(path.startsWith("/") ? path : `/${path}`));
    return mount ? [{ ...mount, fromImage: true }] : [];
  });
}

const anonymous = (path: string) => anonymousVolume(path, []);

const imageVolumeKinds: Readonly<Record<string, (path: string) => MountConfig | undefined>> = {
  anonymous,
  bind: anonymous,
  "": anonymous,
  tmpfs: (path) => parseTmpfs(path),
  ignore: () => undefined,
};

function parseShmSize(text: string): number {
  try {
    return parseBytes(text);
  } catch (cause) {
    throw invalid(`unable to translate --shm-size: ${cause instanceof Error ? cause.message : text}`);
  }
}
