import type { Engine } from "../../engine.ts";
import type { Descriptor, Index, Manifest } from "../../oci/image.ts";
import { mediaTypes } from "../../oci/image.ts";
import { parseManifest } from "../../oci/manifest.ts";
import { withDefaultTag } from "../../oci/reference.ts";
import type { RegistryOptions } from "../registry-image.ts";
import { artifactFiles } from "./change.ts";
import { preferredFormat } from "./content.ts";

/**
 * What `manifest inspect` shows: a local list, else what the name stands for in its registry.
 * @throws {DhowError} `not-found`; what a registry fails with.
 */
export async function inspectManifest(
  engine: Pick<Engine, "manifestLists" | "blobs" | "warn">,
  name: string,
  options: RegistryOptions,
): Promise<object> {
  const list = engine.manifestLists.find(name);
  if (!list) return inspectRemote(engine, name, options);
  const mediaType = preferredFormat(list.index) === "oci" ? mediaTypes.ociIndex : mediaTypes.dockerManifestList;
  return shownIndex({ ...list.index, mediaType }, (entry) => artifactFiles(engine, entry));
}

async function inspectRemote(engine: Pick<Engine, "warn">, name: string, options: RegistryOptions): Promise<object> {
  const { connectTo } = await import("../registry-image.ts");
  const { loadRegistriesConfig } = await import("../../registry/registries-conf.ts");
  const { resolveName } = await import("../../registry/pull-sources.ts");
  const config = loadRegistriesConfig();
  const failures: unknown[] = [];
  for (const candidate of resolveName(config, name.replace(/^docker:\/\//, "")).candidates) {
    try {
      const reference = withDefaultTag(candidate);
      const client = await connectTo(config, reference, options);
      const fetched = await client.fetchManifest(reference).finally(() => client.close());
      const parsed = parseManifest(fetched.bytes, fetched.contentType);
      if (parsed.kind === "index") return shownIndex({ mediaType: fetched.contentType, ...parsed.index }, () => []);
      return shownManifest(engine, parsed.manifest, fetched.contentType);
    } catch (error) {
      failures.push(error);
    }
  }
  throw failures.length === 1 ? failures[0] : new AggregateError(failures);
}

function shownManifest({ warn }: Pick<Engine, "warn">, manifest: Manifest, contentType: string): object {
  const mediaType = manifest.mediaType ?? contentType;
  warn(`The manifest type ${mediaType} is not a manifest list but a single image.`);
  return { ...manifest, mediaType };
}

/** The fields in podman's order. */
function shownIndex(index: Index, filesOf: (entry: Descriptor) => string[]): object {
  const { schemaVersion, mediaType, artifactType, manifests, subject, annotations } = index;
  return {
    schemaVersion,
    mediaType,
    ...(artifactType ? { artifactType } : {}),
    manifests: manifests.map((entry) => shownEntry(entry, filesOf(entry))),
    ...(subject ? { subject: shownEntry(subject, []) } : {}),
    ...(annotations ? { annotations } : {}),
  };
}

function shownEntry(entry: Descriptor, files: readonly string[]): object {
  const { mediaType, size, digest, urls, platform, annotations, artifactType } = entry;
  return {
    mediaType,
    size,
    digest,
    ...(urls ? { urls } : {}),
    platform: platform ?? { architecture: "", os: "" },
    ...(annotations ? { annotations } : {}),
    ...(artifactType ? { artifactType } : {}),
    ...(files.length > 0 ? { files } : {}),
  };
}
