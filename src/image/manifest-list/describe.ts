import { parseDigest } from "../../oci/digest.ts";
import { sha256 } from "../../storage/hash.ts";
import type { ManifestListRecord } from "../../storage/manifest-lists.ts";
import type { ListedImage } from "../listed-image.ts";
import { serializeIndex } from "./content.ts";

/** A manifest list in the shape of an image, for listings. */
export function describeList({ id, names, createdAt, index }: ManifestListRecord): ListedImage {
  const { bytes } = serializeIndex(index);
  const digest = sha256(bytes);
  return {
    id,
    names,
    createdAt,
    isManifestList: true,
    readOnly: false,
    manifestDigest: digest,
    configDigest: parseDigest(`sha256:${id}`),
    topLayer: undefined,
    repoDigests: [...new Set(names.map((name) => `${name.slice(0, name.lastIndexOf(":"))}@${digest}`))],
    sizeBytes: bytes.length,
    os: "",
    architecture: "",
    variant: undefined,
    labels: {},
  };
}
