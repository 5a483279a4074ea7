import { readFileSync } from "node:fs";
import type { Engine } from "../../engine.ts";
import { type Digest, digestHex } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/image.ts";
import { parseImageConfig } from "../../oci/manifest.ts";
import { decompress } from "../../storage/unpack/decompress.ts";
import { readSource } from "../../storage/unpack/growing-file.ts";
import type { SourceImage } from "../source-image.ts";
import { withBlobFile } from "./blob-file.ts";
import { archiveWriter } from "./file-writers.ts";
import type { ImageSink } from "./image-sink.ts";

interface Item {
  readonly Config: string;
  readonly RepoTags: string[];
  readonly Layers: readonly string[];
}

/** An archive as `docker save` writes it: layers without compression, each one once, and manifest.json behind them. */
export function dockerArchiveSink(engine: Pick<Engine, "paths">, path: string | undefined): ImageSink {
  const files = archiveWriter(engine, path);
  const items = new Map<Digest, Item>();
  const written = new Set<Digest>();
  const addLayer = async (image: SourceImage, layer: Descriptor, diffId: Digest) => {
    if (written.has(diffId)) return;
    await withBlobFile(engine, image, {
      descriptor: layer,
      use: (file) => files.addStream(layerName(diffId), decompress(readSource({ path: file }))),
    });
    written.add(diffId);
  };
  return {
    async add(image, names, onEvent) {
      const { config, layers } = image.manifest;
      const known = items.get(config.digest);
      if (known) {
        known.RepoTags.push(...names.filter((name) => !known.RepoTags.includes(name)));
        return;
      }
      const configBytes = await withBlobFile(engine, image, {
        descriptor: config,
        use: async (file) => readFileSync(file),
      });
      const diffIds = parseImageConfig(configBytes, layers.length).rootfs.diff_ids;
      onEvent?.({
        type: "layers",
        layers: layers.map(({ digest, size }, position) => ({
          digest,
          sizeBytes: size,
          isPresent: written.has(diffIds[position] as Digest),
        })),
      });
      for (const [position, layer] of layers.entries()) {
        await addLayer(image, layer, diffIds[position] as Digest);
        onEvent?.({ type: "layer", digest: layer.digest });
      }
      const name = `${digestHex(config.digest)}.json`;
      await files.addBytes(name, configBytes);
      onEvent?.({ type: "config", digest: config.digest });
      items.set(config.digest, { Config: name, RepoTags: [...names], Layers: diffIds.map(layerName) });
      onEvent?.({ type: "manifest" });
    },
    // It has no form for one.
    index: undefined,
    async finish() {
      await files.addBytes("manifest.json", Buffer.from(JSON.stringify([...items.values()])));
      await files.finish();
    },
    [Symbol.dispose]: () => files[Symbol.dispose](),
  };
}

function layerName(diffId: Digest): string {
  return `${digestHex(diffId)}.tar`;
}
