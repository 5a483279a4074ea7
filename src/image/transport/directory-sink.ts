import { readdirSync, readFileSync, rmSync } from "node:fs";
import type { Engine } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import { digestHex } from "../../oci/digest.ts";
import type { CopyEvent } from "../copy-event.ts";
import type { SourceImage } from "../source-image.ts";
import { addImageBlobs } from "./add-image-blobs.ts";
import { folderWriter } from "./file-writers.ts";
import type { ImageSink } from "./image-sink.ts";

const version = "Directory Transport Version: 1.1\n";

/**
 * A folder of the `dir:` transport. It holds one image: what another one has left in it is removed.
 * @throws {DhowError} `conflict` if the folder holds something else.
 */
export function directorySink(engine: Pick<Engine, "paths">, folder: string): ImageSink {
  const former = list(folder);
  if (former.length > 0 && !isImageFolder(folder)) {
    throw new DhowError(`${folder} is not a containers image directory, don't want to overwrite important data`, {
      kind: "conflict",
    });
  }
  const files = folderWriter(folder);
  const written = new Set<string>();
  const addBlobs = (image: SourceImage, onEvent?: (event: CopyEvent) => void) =>
    addImageBlobs(engine, image, { files, written, blobName: (hex) => hex, onEvent });
  const begin = () => files.addBytes("version", Buffer.from(version));
  return {
    async add(image, _names, onEvent) {
      await begin();
      await addBlobs(image, onEvent);
      await files.addBytes("manifest.json", image.manifestBytes);
      onEvent?.({ type: "manifest" });
    },
    index: {
      async addInstance(image, onEvent) {
        await begin();
        await addBlobs(image, onEvent);
        const name = `${digestHex(image.manifestDigest)}.manifest.json`;
        await files.addBytes(name, image.manifestBytes);
        written.add(name);
        onEvent?.({ type: "manifest" });
      },
      async addIndex({ bytes }) {
        await begin();
        await files.addBytes("manifest.json", bytes);
      },
    },
    async finish() {
      for (const name of former) {
        if (leftovers.test(name) && !written.has(name)) rmSync(`${folder}/${name}`);
      }
    },
    [Symbol.dispose]() {},
  };
}

/** What another image may have left. */
const leftovers = /^[0-9a-f]{64}(?:\.manifest\.json)?$|^(?:[0-9a-f]{64}\.)?signature-\d+$/;

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // It is made when it is written to; what is no folder fails then.
    return [];
  }
}

function isImageFolder(folder: string): boolean {
  try {
    return readFileSync(`${folder}/version`, "latin1").startsWith("Directory Transport Version: ");
  } catch {
    return false;
  }
}
