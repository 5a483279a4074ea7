import { goTime, humanSince, humanSize } from "../../cli/human.ts";
import type { ArtifactRecord } from "../../engine.ts";
import { digestHex } from "../../oci/digest.ts";
import { parseWrittenReference } from "../../oci/reference.ts";

/** Bytes of an artifact's files. */
export function artifactSize({ manifest }: ArtifactRecord): number {
  return manifest.layers.reduce((sum, { size }) => sum + size, 0);
}

/** What a row of `artifact ls` shows, and what its templates can name. */
export function artifactFields(artifact: ArtifactRecord, noTrunc: boolean) {
  const { registry, repository, tag } = parseWrittenReference(artifact.name);
  const hex = digestHex(artifact.digest);
  return {
    Repository: registry === undefined ? repository : `${registry}/${repository}`,
    Tag: tag ?? "",
    Digest: noTrunc ? hex : hex.slice(0, 12),
    Created: humanSince(artifact.createdAt),
    CreatedAt: goTime(artifact.createdAt),
    Size: humanSize(artifactSize(artifact), 4),
    VirtualSize: String(artifactSize(artifact)),
  };
}

/** What `inspect` shows of an artifact. */
export function artifactJson({ manifest, name, digest }: ArtifactRecord) {
  return { Manifest: manifest, Name: name, Digest: digest };
}
