import type { Engine } from "../../engine.ts";
import type { Digest } from "../../oci/digest.ts";
import { recordArtifactEvent } from "./record-event.ts";

/**
 * Removes an artifact. Its blobs stay until `collectImageGarbage`.
 * @returns The digest that it had.
 * @throws {DhowError} `not-found`.
 */
export function removeArtifact(engine: Pick<Engine, "artifacts" | "events">, nameOrDigest: string): Digest {
  const artifact = engine.artifacts.get(nameOrDigest);
  engine.artifacts.remove(artifact.name);
  recordArtifactEvent(engine, "remove", artifact);
  return artifact.digest;
}

/** @returns The digests that they had. */
export function removeAllArtifacts(engine: Pick<Engine, "artifacts" | "events">): Digest[] {
  return engine.artifacts.list().map(({ name }) => removeArtifact(engine, name));
}
