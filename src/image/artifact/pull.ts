import type { Engine } from "../../engine.ts";
import type { Digest } from "../../oci/digest.ts";
import { hostPlatform } from "../../oci/platform.ts";
import { formatReference, parseReference, withDefaultTag } from "../../oci/reference.ts";
import { loadRegistriesConfig } from "../../registry/registries-conf.ts";
import { removeAbandoned } from "../../storage/temporary.ts";
import { requireAcceptedImage } from "../accept.ts";
import { fetchBlobs } from "../fetch-blobs.ts";
import type { PullEvent } from "../pull.ts";
import { openRegistryImage, type RegistryOptions } from "../registry-image.ts";
import { collectImageGarbage } from "../remove.ts";
import { recordArtifactEvent } from "./record-event.ts";

export interface PullArtifactOptions extends RegistryOptions {
  readonly onEvent?: ((event: PullEvent) => void) | undefined;
}

/**
 * Copies an artifact, or whatever has a manifest, from a registry into the store. Success means that it is stored durably,
 * verified, and has the name.
 * @returns The digest of its manifest.
 * @throws {DhowError} As `openRegistryImage`.
 */
export async function pullArtifact(
  engine: Engine,
  name: string,
  { onEvent, ...options }: PullArtifactOptions,
): Promise<Digest> {
  const written = name.replace(/^docker:\/\//, "");
  const wanted = withDefaultTag(parseReference(written));
  const reference = wanted.digest === undefined ? wanted : { ...wanted, tag: undefined };
  onEvent?.({ type: "trying", name: formatReference(reference) });
  removeAbandoned(engine.paths.data);
  const request = { ...options, platform: hostPlatform(), anyContent: true };
  await using source = await openRegistryImage(loadRegistriesConfig(), reference, request);
  await requireAcceptedImage(engine, source, reference);
  await fetchBlobs(engine, source, onEvent);
  onEvent?.({ type: "config", digest: source.manifest.config.digest });
  const digest = engine.blobs.put(source.manifestBytes);
  onEvent?.({ type: "manifest" });
  const artifact = engine.artifacts.put(written, digest);
  recordArtifactEvent(engine, "pull", artifact);
  // What a former artifact of that name has left.
  collectImageGarbage(engine);
  return digest;
}
