import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import type { ShowLongStep } from "../model/long-step.ts";
import { matchesPlatform } from "../oci/platform.ts";
import { formatReference } from "../oci/reference.ts";
import type { ImageRecord } from "../storage/images.ts";
import { ensureLayers } from "./ensure-layers.ts";
import type { PullOptions } from "./pull.ts";
import type { PullPolicy } from "./pull-flags.ts";
import { parseLocation } from "./transport/location.ts";

export interface EnsureOptions extends PullOptions {
  readonly policy: PullPolicy;
  /** For the time in which the default image is made. */
  readonly showLongStep?: ShowLongStep;
}

/**
 * The image that a name or id stands for, pulled if the policy wants that. The default image is made when it is missing.
 * A place with a transport in front, as `oci-archive:PATH`, is always copied from. Nothing of the registry client is loaded
 * unless a registry has to be asked.
 * @throws {DhowError} `not-found` with podman's "image not known" under the policy `never`; else as `pullImage`.
 */
export async function ensureImage(engine: Engine, name: string, options: EnsureOptions): Promise<ImageRecord> {
  const location = parseLocation(name);
  if (location === undefined) return ensureNamed(engine, name, options);
  switch (location.transport) {
    case "docker":
      return ensureNamed(engine, formatReference(location.reference), options);
    case "containers-storage":
      return unpacked(engine, engine.images.get(location.name, options.platform));
    default:
      return (await import("./pull-file.ts")).pullFromFile(engine, location, options);
  }
}

async function ensureNamed(engine: Engine, name: string, options: EnsureOptions): Promise<ImageRecord> {
  const { policy, platform } = options;
  const local = engine.images.find(name, platform) ?? engine.images.find(name);
  const isSuitable = local !== undefined && (platform === undefined || matchesPlatform(local, platform));
  if (isSuitable && (policy === "missing" || policy === "never")) return unpacked(engine, local);
  if (local && isId(local, name)) {
    if (policy !== "always") return unpacked(engine, local);
    throw new DhowError(`pull policy is always but image has been referred to by ID (${name})`, {
      kind: "invalid-argument",
    });
  }
  const { ensureDefaultImage, isDefaultImageName } = await import("./default-image.ts");
  if (isDefaultImageName(name)) return ensureDefaultImage(engine, options.showLongStep);
  if (policy === "never") throw new DhowError(`${name}: image not known`, { kind: "not-found" });
  refuseId(name);
  const { findRemoteDigest, pullImage } = await import("./pull.ts");
  if (policy !== "newer" || !isSuitable) return pullImage(engine, name, options);
  return isOutdated(local, await findRemoteDigest(engine, name, options).catch(useLocal(local)))
    ? pullImage(engine, name, options)
    : unpacked(engine, local);
}

async function unpacked(engine: Engine, image: ImageRecord): Promise<ImageRecord> {
  await ensureLayers(engine, image);
  return image;
}

/** A registry that cannot be reached does not matter under the policy `newer`, as there is an image. */
function useLocal(local: ImageRecord): (error: unknown) => undefined | typeof local.manifestDigest {
  return (error) => {
    if (error instanceof DhowError) return local.manifestDigest;
    throw error;
  };
}

function isOutdated({ repoDigests, manifestDigest }: ImageRecord, remote: string | undefined): boolean {
  if (remote === undefined || remote === manifestDigest) return remote === undefined;
  return !repoDigests.some((repoDigest) => repoDigest.endsWith(`@${remote}`));
}

function isId({ id }: ImageRecord, name: string): boolean {
  return id.startsWith(name.replace(/^sha256:/, ""));
}

/** No registry can be asked for an id. */
function refuseId(name: string): void {
  if (/^(?:sha256:)?[0-9a-f]{64}$/.test(name)) throw new DhowError(`${name}: image not known`, { kind: "not-found" });
}
