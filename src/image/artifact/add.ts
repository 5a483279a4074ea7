import { basename } from "node:path";
import type { Engine } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import type { Digest } from "../../oci/digest.ts";
import { type Descriptor, type Manifest, mediaTypes } from "../../oci/image.ts";
import { parseReference } from "../../oci/reference.ts";
import type { ArtifactRecord } from "../../storage/artifacts.ts";
import { storeFile } from "../store-file.ts";
import { contentTypeOf } from "./content-type.ts";
import { emptyConfig, titleAnnotation, unknownArtifactType } from "./names.ts";
import { recordArtifactEvent } from "./record-event.ts";

export interface AddArtifactOptions {
  /** Adds the files to the artifact that is there. */
  readonly append: boolean;
  /** Makes it anew if it is there. */
  readonly replace: boolean;
  /** Of each file. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly artifactType: string | undefined;
  /** Media type of the files; undefined: told by their first bytes. */
  readonly fileType: string | undefined;
}

type AddEngine = Pick<Engine, "artifacts" | "blobs" | "events" | "leases" | "locks" | "paths">;

/**
 * Makes an artifact of files, or adds files to one. Success means that it is stored durably.
 * @returns The digest of its manifest.
 * @throws {DhowError} `already-exists` for an artifact or a file of that name; `not-found` for a file or an artifact.
 */
export async function addArtifact(
  engine: AddEngine,
  name: string,
  files: readonly string[],
  options: AddArtifactOptions,
): Promise<Digest> {
  checkOptions(name, options);
  return engine.locks.withLock("artifacts", async () => {
    const former = findFormer(engine, name, options);
    const layers = options.append ? (former?.manifest.layers ?? []) : [];
    refuseSameNames(layers, files);
    // What an artifact that goes meanwhile leaves is needed here.
    if (former) engine.leases.take([former.manifest.config, ...layers].map(({ digest }) => digest));
    const added: Descriptor[] = [];
    for (const file of files) added.push(await addFile(engine, file, options));
    const manifest = makeManifest(engine, options.append ? former : undefined, options);
    const digest = engine.blobs.put(Buffer.from(JSON.stringify({ ...manifest, layers: [...layers, ...added] })));
    engine.artifacts.put(former?.name ?? name, digest);
    recordArtifactEvent(engine, "add", { name: former?.name ?? name, digest });
    return digest;
  });
}

function checkOptions(name: string, { append, replace, annotations, artifactType }: AddArtifactOptions): void {
  if (name === "") throw invalid("artifact name cannot be empty");
  if (parseReference(name).digest !== undefined) throw invalid(`${name}: an artifact cannot be named by its digest`);
  if (append && artifactType !== undefined) throw invalid("append option is not compatible with type option");
  if (append && replace) throw invalid("--append and --replace options cannot be used together");
  if (titleAnnotation in annotations) throw invalid(`cannot override filename with ${titleAnnotation} annotation`);
}

function findFormer({ artifacts }: AddEngine, name: string, options: AddArtifactOptions): ArtifactRecord | undefined {
  if (options.append) return artifacts.get(name);
  const former = artifacts.find(name);
  if (former === undefined || options.replace) return former;
  throw new DhowError(`${name}: artifact already exists`, { kind: "already-exists" });
}

function refuseSameNames(layers: readonly Descriptor[], files: readonly string[]): void {
  const taken = new Set(layers.map(({ annotations }) => annotations?.[titleAnnotation]));
  for (const file of files.map((path) => basename(path))) {
    if (taken.has(file)) throw new DhowError(`${file}: file already exists in artifact`, { kind: "already-exists" });
    taken.add(file);
  }
}

async function addFile(
  engine: AddEngine,
  path: string,
  { fileType, annotations }: AddArtifactOptions,
): Promise<Descriptor> {
  const mediaType = fileType ?? contentTypeOf(path);
  const all = { ...annotations, [titleAnnotation]: basename(path) };
  const sorted = Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1));
  return { mediaType, ...(await storeFile(engine, path)), annotations: Object.fromEntries(sorted) };
}

/** Without its layers. The specification wants a type where there is no config that tells one. */
function makeManifest(
  { blobs }: AddEngine,
  former: ArtifactRecord | undefined,
  { artifactType = unknownArtifactType }: AddArtifactOptions,
): Omit<Manifest, "layers"> {
  if (former) return former.manifest;
  const { content, mediaType } = emptyConfig;
  const config = { mediaType, digest: blobs.put(content), size: content.length, data: content.toString("base64") };
  return { schemaVersion: 2, mediaType: mediaTypes.ociManifest, artifactType, config };
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
