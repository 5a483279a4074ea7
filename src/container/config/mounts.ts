import { posix } from "node:path";
import type { ContainerConfig, MountConfig } from "../../model/container-config.ts";
import type { ContainerDefaults } from "../../oci/image.ts";
import { parseDevices } from "./devices.ts";
import { absolutePath } from "./environment.ts";
import type { CallerFacts, MountFlags } from "./flags.ts";
import { bindOptions, tmpfsOptions } from "./mount-options.ts";
import { cut, invalid, parseBoolean, parseBytes, splitList, unsupported } from "./values.ts";

export type MountPart = Pick<ContainerConfig, "mounts" | "readOnly" | "readOnlyTmpfs" | "shmSizeBytes" | "devices">;

/** What file systems the container gets beside those of every container. */
export function buildMounts(flags: MountFlags, image: ContainerDefaults, caller: CallerFacts): MountPart {
  const mounts = new Map<string, MountConfig>();
  for (const entry of flags.mount) add(mounts, parseMount(entry, caller));
  for (const entry of flags.volume) add(mounts, parseVolume(entry, caller));
  for (const entry of flags.tmpfs) addTmpfs(mounts, parseTmpfs(entry));
  addImageVolumes(mounts, flags["image-volume"], image);
  return {
    mounts: [...mounts.values()],
    readOnly: flags["read-only"],
    readOnlyTmpfs: flags["read-only-tmpfs"],
    shmSizeBytes: parseShmSize(flags["shm-size"]),
    devices: parseDevices(splitList(flags.device), caller),
  };
}

function add(mounts: Map<string, MountConfig>, mount: MountConfig): void {
  const other = mounts.get(mount.destination);
  if (other && JSON.stringify(other) !== JSON.stringify(mount))
    throw invalid(`${mount.destination}: duplicate mount destination`);
  mounts.set(mount.destination, mount);
}

function addTmpfs(mounts: Map<string, MountConfig>, mount: MountConfig): void {
  const other = mounts.get(mount.destination);
  if (other && other.type !== "tmpfs") throw invalid(`${mount.destination}: duplicate mount destination`);
  if (!other) mounts.set(mount.destination, mount);
}

/** `source:destination[:options]`. */
function parseVolume(entry: string, caller: CallerFacts): MountConfig {
  const [first = "", second, options, ...rest] = entry.split(":");
  if (rest.length > 0) throw invalid(`${entry}: incorrect volume format, should be [host-dir:]ctr-dir[:option]`);
  if (second === undefined) throw volumesLater(`anonymous volume at ${first}`);
  if (first === "") throw invalid("host directory cannot be empty");
  if (!first.startsWith("/") && !first.startsWith(".")) throw volumesLater(`named volume ${JSON.stringify(first)}`);
  return {
    type: "bind",
    source: checkSource(first, caller),
    destination: checkDestination(second),
    options: bindOptions(options === undefined || options === "" ? [] : options.split(",")),
  };
}

function volumesLater(what: string) {
  return unsupported(`${what} is not supported yet`, "mount a directory of the host instead, as in -v /srv/data:/data");
}

/** Symlinks of a relative source are resolved now, so that the container keeps what the user saw. */
function checkSource(source: string, caller: CallerFacts): string {
  const path = absolutePath(source, caller.cwd);
  if (caller.pathKind(path) === "absent") throw invalid(`statfs ${posix.normalize(path)}: no such file or directory`);
  return source.startsWith("/") ? posix.normalize(path) : caller.realPath(path);
}

function checkDestination(path: string): string {
  if (path === "") throw invalid("container directory cannot be empty");
  if (!path.startsWith("/")) throw invalid(`invalid container path ${JSON.stringify(path)}, must be an absolute path`);
  const clean = posix.normalize(path);
  return clean.length > 1 ? clean.replace(/\/$/, "") : clean;
}

/** `destination[:options]`. */
function parseTmpfs(entry: string): MountConfig {
  const [destination, options] = cut(entry, ":");
  return {
    type: "tmpfs",
    source: undefined,
    destination: checkDestination(destination),
    options: tmpfsOptions(options === undefined || options === "" ? [] : options.split(",")),
  };
}

/** `type=bind,source=...,destination=...,...`. */
function parseMount(entry: string, caller: CallerFacts): MountConfig {
  const fields = splitList([entry]).map((field) => cut(field, "="));
  const type = fields.find(([key]) => key === "type")?.[1] ?? "volume";
  if (["volume", "image", "glob", "artifact", "devpts", "ramfs"].includes(type)) {
    throw unsupported(`--mount type=${type} is not supported yet`, "types bind and tmpfs are");
  }
  if (type !== "bind" && type !== "tmpfs") throw invalid(`invalid filesystem type ${JSON.stringify(type)}`);
  const parsed = parseMountFields(
    fields.filter(([key]) => key !== "type"),
    type,
  );
  if (parsed.destination === undefined) throw invalid("must set volume destination");
  const destination = checkDestination(parsed.destination);
  if (type === "tmpfs") return { type, source: undefined, destination, options: tmpfsOptions(parsed.options) };
  return {
    type,
    source: checkSource(parsed.source ?? destination, caller),
    destination,
    options: bindOptions(parsed.options),
  };
}

interface MountFields {
  source?: string;
  destination?: string;
  options: string[];
}

function parseMountFields(
  fields: readonly (readonly [string, string | undefined])[],
  type: "bind" | "tmpfs",
): MountFields {
  const parsed: MountFields = { options: [] };
  for (const [key, value] of fields) {
    const place = placeOf(key);
    if (place === undefined) {
      parsed.options.push(...mountOption(key, value, type));
      continue;
    }
    if (value === undefined || value === "") throw invalid(`${key}: must provide an argument for option`);
    if (place === "source" && type === "tmpfs") throw notFor(key, type);
    if (parsed[place] !== undefined) throw invalid(`cannot pass ${JSON.stringify(key)} option more than once`);
    parsed[place] = value;
  }
  return parsed;
}

function placeOf(key: string): "source" | "destination" | undefined {
  if (key === "src" || key === "source") return "source";
  return ["target", "dst", "dest", "destination"].includes(key) ? "destination" : undefined;
}

function notFor(key: string, type: string) {
  return invalid(`${JSON.stringify(key)} option not supported for ${JSON.stringify(type)} mount types`);
}

const tmpfsKeys: Readonly<Record<string, string>> = { "tmpfs-size": "size", "tmpfs-mode": "mode" };

function mountOption(key: string, value: string | undefined, type: "bind" | "tmpfs"): string[] {
  switch (key) {
    case "ro":
    case "readonly":
    case "rw":
      return writability(key, value);
    case "bind-propagation":
    case "bind-nonrecursive":
      if (type !== "bind") throw notFor(key, type);
      return key === "bind-nonrecursive" ? ["bind"] : [value ?? ""];
    case "tmpfs-size":
    case "tmpfs-mode":
      if (type !== "tmpfs") throw notFor(key, type);
      return [`${tmpfsKeys[key]}=${value ?? ""}`];
    case "relabel":
    case "consistency":
      return [];
    case "chown":
      return value === undefined || parseBoolean(value) ? ["U"] : [];
    default:
      return [value === undefined ? key : `${key}=${value}`];
  }
}

function writability(key: "ro" | "readonly" | "rw", value: string | undefined): string[] {
  const on = value === undefined ? true : parseBoolean(value);
  if (on === undefined) throw invalid(`invalid value ${JSON.stringify(value)} for mount option ${key}`);
  return [(key === "rw") === on ? "rw" : "ro"];
}

/** The image's own volumes are folders of the container, or tmpfs when asked. */
function addImageVolumes(mounts: Map<string, MountConfig>, mode: string, image: ContainerDefaults): void {
  if (mode === "ignore") return;
  if (mode === "bind" || mode === "anonymous")
    throw unsupported(`--image-volume ${mode} is not supported yet`, "use tmpfs or ignore");
  if (mode !== "tmpfs")
    throw invalid(`invalid image-volume type ${JSON.stringify(mode)}. Pick one of bind, tmpfs, or ignore`);
  for (const path of Object.keys(image.Volumes ?? {})) addTmpfs(mounts, parseTmpfs(path));
}

function parseShmSize(text: string): number {
  try {
    return parseBytes(text);
  } catch (cause) {
    throw invalid(`unable to translate --shm-size: ${cause instanceof Error ? cause.message : text}`);
  }
}
