import type { Digest } from "../../oci/digest.ts";
import { type HistoryEntry, type Manifest, mediaTypes } from "../../oci/image.ts";
import { normalizeReference } from "../../oci/reference.ts";
import { sha256 } from "../../storage/hash.ts";
import { type FileImage, fileImage } from "./file-image.ts";
import { damaged, getFile, type ImageFile, type ImageFiles, readFileJson } from "./image-files.ts";

type JsonObject = Readonly<Record<string, unknown>>;

/** More layers than any image has: a stop for chains that go in a circle. */
const maximalLayers = 1000;

/**
 * The images of an archive of `docker save` before Docker 1.10: `repositories` names the top layer of each tag, each layer has a
 * folder with its description and its archive. The config is made of the descriptions.
 * @throws {DhowError} `corrupt`, `invalid-argument` for names that are none.
 */
export async function readLegacyArchive(files: ImageFiles): Promise<FileImage[]> {
  const names = new Map<string, string[]>();
  for (const [repository, tags] of Object.entries(
    asObject(readFileJson(getFile(files, "repositories"), "repositories")),
  )) {
    for (const [tag, top] of Object.entries(asObject(tags))) {
      if (typeof top !== "string") throw damaged("repositories is malformed");
      names.set(top, [...(names.get(top) ?? []), normalizeReference(`${repository}:${tag}`)]);
    }
  }
  return Promise.all([...names].map(([top, ofTop]) => readChain(files, top, ofTop)));
}

async function readChain(files: ImageFiles, top: string, names: readonly string[]): Promise<FileImage> {
  const chain: { readonly description: JsonObject; readonly layer: ImageFile }[] = [];
  for (let id: unknown = top; typeof id === "string" && id !== ""; id = chain[0]?.description.parent) {
    if (chain.length >= maximalLayers) throw damaged(`more than ${maximalLayers} layers`);
    const description = asObject(readFileJson(getFile(files, `${id}/json`), "the description of a layer"));
    chain.unshift({ description, layer: getFile(files, `${id}/layer.tar`) });
  }
  const digests = await Promise.all(chain.map(({ layer }) => layer.findDigest()));
  const config = makeConfig(
    chain.map(({ description }) => description),
    digests,
  );
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.dockerManifest,
    config: { mediaType: mediaTypes.dockerConfig, digest: sha256(config), size: config.length },
    layers: chain.map(({ layer }, position) => ({
      mediaType: mediaTypes.dockerLayer,
      digest: digests[position] as Digest,
      size: layer.sizeBytes,
    })),
  };
  const blobs = new Map<Digest, ImageFile | Uint8Array>([[manifest.config.digest, config]]);
  for (const [position, { layer }] of chain.entries()) blobs.set(digests[position] as Digest, layer);
  return fileImage({ manifestBytes: Buffer.from(JSON.stringify(manifest)), names, blobs });
}

/** What the description of the top layer says of containers, and how each layer came to be. */
function makeConfig(descriptions: readonly JsonObject[], diffIds: readonly Digest[]): Buffer {
  const { architecture = "amd64", os = "linux", created, author, config = {} } = descriptions.at(-1) ?? {};
  const rootfs = { type: "layers", diff_ids: diffIds };
  const history = descriptions.map(historyEntry);
  return Buffer.from(JSON.stringify({ architecture, os, created, author, config, rootfs, history }));
}

function historyEntry(description: JsonObject): HistoryEntry {
  const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
  const { Cmd: command } = asObject(description.container_config ?? {});
  const [created, author, comment] = [description.created, description.author, description.comment].map(text);
  return {
    ...(created === undefined ? {} : { created }),
    ...(Array.isArray(command) ? { created_by: command.join(" ") } : {}),
    ...(author === undefined ? {} : { author }),
    ...(comment === undefined ? {} : { comment }),
  };
}

function asObject(value: unknown): JsonObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw damaged("a file is malformed");
}
