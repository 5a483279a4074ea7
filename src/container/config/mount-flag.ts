import type { MountConfig } from "../../model/container-config.ts";
import type { CallerFacts } from "./flags.ts";
import {
  destinationKeys,
  type Field,
  type MountFields,
  type MountFlagType,
  mountFlagTypes,
  neededValue,
  readFields,
} from "./mount-fields.ts";
import { bindOptions, type MountOptions, tmpfsOptions } from "./mount-options.ts";
import { cut, invalid, splitList, unsupported } from "./values.ts";
import { anonymousVolume, checkDestination, checkSource, hostMount, volumeMount } from "./volume-flag.ts";

/** `type=bind,source=...,destination=...,...`; a volume if no type is named. One entry can stand for several mounts (glob). */
export function parseMount(entry: string, caller: CallerFacts): MountConfig[] {
  const fields: Field[] = splitList([entry]).map((field) => cut(field, "="));
  const given = fields.find(([key]) => key === "type")?.[1] ?? "volume";
  if (given === "artifact") throw unsupported("--mount type=artifact is not supported yet");
  const type = mountFlagTypes.find((each) => each === given);
  if (type === undefined) throw invalid(`invalid filesystem type ${JSON.stringify(given)}`);
  const rest = fields.filter(([key]) => key !== "type");
  if (type === "devpts") return [devptsMount(rest)];
  return makeMounts(readFields(rest, type), type, caller);
}

function makeMounts(parsed: MountFields, type: Exclude<MountFlagType, "devpts">, caller: CallerFacts): MountConfig[] {
  const { destination } = parsed;
  if (type === "glob") return globMounts(parsed, caller);
  if (type === "image") return [imageMount(parsed)];
  if (destination === undefined) throw invalid("must set volume destination");
  if (type === "volume") return [namedVolume(parsed, destination)];
  if (type === "bind") return [bindMount(parsed, destination, caller)];
  return [{ type, source: undefined, destination, options: memoryOptions(type, parsed.options) }];
}

/** A ramfs knows none of the options of a tmpfs. */
function memoryOptions(type: "tmpfs" | "ramfs", given: readonly string[]): string[] {
  return type === "tmpfs" ? tmpfsOptions(given) : tmpfsOptions([...given, "notmpcopyup"]);
}

function bindMount(parsed: MountFields, destination: string, caller: CallerFacts): MountConfig {
  const given = parsed.source ?? destination;
  if (parsed.createsSource) caller.makeDirectory(given);
  const mount = hostMount(
    { source: checkSource(given, caller), destination, options: bindOptions(parsed.options) },
    caller,
  );
  return parsed.writableSubmounts ? { ...mount, writableSubmounts: true } : mount;
}

function globMounts(parsed: MountFields, caller: CallerFacts): MountConfig[] {
  const { source = "", destination } = parsed;
  const found = caller.expandGlob(source);
  if (found.length === 0) throw invalid(`no file paths matching glob ${JSON.stringify(source)}`);
  const options: MountOptions = bindOptions(parsed.options);
  return found.map((path) => {
    const place = destination === undefined ? path : `${destination}/${path.slice(path.lastIndexOf("/") + 1)}`;
    return hostMount({ source: path, destination: checkDestination(place), options }, caller);
  });
}

/** The image is looked up, and its id filled in, before the container is made. It is read-only unless said otherwise. */
function imageMount({ source, destination, options }: MountFields): MountConfig {
  if (source === undefined || destination === undefined)
    throw invalid("must set source and destination for image volume");
  const access = options.some((option) => option === "rw" || option === "ro") ? [] : ["ro"];
  const { options: forRuntime, subpath } = bindOptions([...access, ...options]);
  return {
    ...{ type: "image", source, destination, options: forRuntime },
    ...(subpath === undefined ? {} : { subpath }),
  };
}

function namedVolume(parsed: MountFields, destination: string): MountConfig {
  const { source, volumeOptions, volumeLabels, volumeDriver = "local" } = parsed;
  const mount =
    source === undefined
      ? anonymousVolume(destination, parsed.options)
      : volumeMount(source, destination, bindOptions(parsed.options));
  const asksForMore = Object.keys({ ...volumeOptions, ...volumeLabels }).length > 0 || volumeDriver !== "local";
  if (!asksForMore) return mount;
  const allowed = mount.creation?.allowed ?? true;
  return { ...mount, creation: { allowed, driver: volumeDriver, options: volumeOptions, labels: volumeLabels } };
}

function devptsMount(fields: readonly Field[]): MountConfig {
  const options: string[] = [];
  let place: string | undefined;
  for (const [key, value] of fields) {
    if (destinationKeys.includes(key)) place = checkDestination(neededValue(key, value));
    else if (key === "newinstance") options.push(key);
    else if (["uid", "gid", "mode", "ptmxmode", "max"].includes(key)) options.push(`${key}=${neededValue(key, value)}`);
    else throw invalid(`${key}: invalid mount option`);
  }
  if (place === undefined) throw invalid("must set volume destination");
  return { type: "devpts", source: undefined, destination: place, options };
}
