import { writeFileSync } from "node:fs";
import type { Engine } from "../../src/engine.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { chainIds } from "../../src/storage/chain-id.ts";
import { sha256 } from "../../src/storage/hash.ts";
import type { ImageRecord } from "../../src/storage/images.ts";

/** Stores an image whose layers have one file each, with blobs of the same bytes. */
export async function addLayeredImage(engine: Engine, name: string, layers: readonly Buffer[]): Promise<ImageRecord> {
  const diffIds = layers.map((content) => sha256(content));
  const chain = chainIds(diffIds);
  for (const [position, content] of layers.entries()) {
    const chainId = chain[position] as Digest;
    const layer = { chainId, parent: chain[position - 1], diffId: diffIds[position] as Digest };
    await engine.layers.add(layer, async (diff) => {
      writeFileSync(`${diff}/file-${position}`, content);
      return { sizeBytes: content.length };
    });
  }
  const put = (value: object) => engine.blobs.put(Buffer.from(JSON.stringify(value)));
  const config = put({ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: diffIds } });
  const blobs = layers.map((content) => ({
    mediaType: "application/vnd.oci.image.layer.v1.tar",
    digest: engine.blobs.put(content),
    size: content.length,
  }));
  const manifestDigest = put({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: config, size: 1 },
    layers: blobs,
  });
  return engine.images.add({ manifestDigest, names: [name], repoDigests: [] });
}
