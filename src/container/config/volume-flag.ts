import { posix } from "node:path";
import type { MountConfig } from "../../model/container-config.ts";
import { absolutePath } from "./environment.ts";
import type { CallerFacts } from "./flags.ts";
import { bindOptions, type MountOptions } from "./mount-options.ts";
import { invalid } from "./values.ts";

/** `[source:]destination[:options]`: a path of the host, the name of a volume, or nothing for a volume of the container's own. */
export function parseVolume(entry: string, caller: CallerFacts): MountConfig {
  const [first = "", second, text, ...rest] = entry.split(":");
  if (rest.length > 0) throw invalid(`${entry}: incorrect volume format, should be [host-dir:]ctr-dir[:option]`);
  if (second === undefined) return anonymousVolume(checkDestination(first), []);
  if (first === "") throw invalid("host directory cannot be empty");
  const options = bindOptions(splitOptions(text));
  const destination = checkDestination(second);
  return /^[./]/.test(first)
    ? hostMount({ source: checkSource(first, caller), destination, options }, caller)
    : volumeMount(first, destination, options);
}

export function splitOptions(text: string | undefined): string[] {
  return text === undefined || text === "" ? [] : text.split(",");
}

/** A volume that is made with the container, and goes with it. */
export function anonymousVolume(destination: string, options: readonly string[]): MountConfig {
  return { ...volumeMount("", destination, bindOptions(options)), source: undefined, anonymous: true };
}

/** @param source Absolute, and there. */
export function hostMount(
  { source, destination, options }: { source: string; destination: string; options: MountOptions },
  caller: CallerFacts,
): MountConfig {
  const { noCreate: _, noCopy: __, subpath, overlay, ...rest } = options;
  if (subpath !== undefined) throw invalid('cannot set option "subpath" on non-volume mounts');
  if (!overlay) return { type: "bind", source, destination, ...rest };
  const { upper, work } = overlay;
  const folders =
    upper === undefined || work === undefined
      ? {}
      : { upper: checkSource(upper, caller), work: checkSource(work, caller) };
  return { type: "bind", source, destination, ...rest, overlay: folders };
}

export function volumeMount(
  source: string,
  destination: string,
  { noCreate, overlay, ...rest }: MountOptions,
): MountConfig {
  if (overlay?.upper !== undefined) throw invalid("can't use 'O' with 'upperdir' and 'workdir' for a named volume");
  return {
    ...{ type: "volume", source, destination, ...rest },
    ...(overlay ? { overlay } : {}),
    ...(noCreate ? { creation: { allowed: false, driver: "local", options: {}, labels: {} } } : {}),
  };
}

/** Symlinks of a relative source are resolved now, so that the container keeps what the user saw. */
export function checkSource(source: string, caller: CallerFacts): string {
  const path = absolutePath(source, caller.cwd);
  if (caller.pathKind(path) === "absent") throw invalid(`statfs ${posix.normalize(path)}: no such file or directory`);
  return source.startsWith("/") ? posix.normalize(path) : caller.realPath(path);
}

export function checkDestination(path: string): string {
  if (path === "") throw invalid("container directory cannot be empty");
  if (!path.startsWith("/")) throw invalid(`invalid container path ${JSON.stringify(path)}, must be an absolute path`);
  if (path.includes("\0")) throw invalid("a container path cannot hold a null byte");
  const clean = posix.normalize(path);
  return clean.length > 1 ? clean.replace(/\/$/, "") : clean;
}
