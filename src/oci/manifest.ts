import { DhowError } from "../errors.ts";
import { isDigest } from "./digest.ts";
import type { ContainerDefaults, Descriptor, ImageConfig, Index, Manifest, Platform } from "./image.ts";
import { findLayerCompression, isImageConfigType, isIndexType, isManifestType } from "./media-types.ts";

/** The limit that registries put on manifests; more is an attack on our memory. Configs are held to the same. */
export const manifestSizeLimit = 4 << 20;

export type ManifestOrIndex =
  | { readonly kind: "manifest"; readonly manifest: Manifest }
  | { readonly kind: "index"; readonly index: Index };

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads a manifest or an index of the OCI or Docker schema 2 kind, and checks all that dhow relies on.
 * @param contentType What the registry called it; used only when the document does not say itself.
 * @throws {DhowError} `corrupt` for a malformed document, `unsupported` for one of another kind.
 */
export function parseManifest(bytes: Uint8Array, contentType = ""): ManifestOrIndex {
  const document = parseDocument(bytes, "manifest");
  refuseSchema1(document);
  const kind = kindOf(document, contentType);
  if (kind === "index") {
    const manifests = parseDescriptors(document.manifests, "manifests");
    return { kind, index: { ...(document as object), schemaVersion: 2, manifests } };
  }
  const config = parseDescriptor(document.config, "config");
  const layers = parseDescriptors(document.layers, "layers");
  return { kind, manifest: { ...(document as object), schemaVersion: 2, config, layers } };
}

/**
 * Refuses manifests that are well-formed but are not container images: artifacts, encrypted layers.
 * @throws {DhowError} `unsupported`.
 */
export function requireImage({ config, layers, artifactType }: Manifest): void {
  if (!isImageConfigType(config.mediaType)) {
    throw new DhowError(
      `unsupported image-specific operation on artifact with type ${quote(artifactType ?? config.mediaType)}`,
      {
        kind: "unsupported",
        hint: "this name stands for an artifact, not for a container image: 'dhow artifact pull' takes it",
      },
    );
  }
  for (const { mediaType } of layers) {
    if (findLayerCompression(mediaType) === undefined) {
      throw new DhowError(`unsupported layer media type ${quote(mediaType)}`, { kind: "unsupported" });
    }
  }
}

/**
 * Reads an image config.
 * @param layerCount How many layers the manifest has: the config must name as many.
 * @throws {DhowError} `corrupt`.
 */
export function parseImageConfig(bytes: Uint8Array, layerCount?: number): ImageConfig {
  const document = parseDocument(bytes, "image config");
  const rootfs = document.rootfs;
  const diffIds = isObject(rootfs) && Array.isArray(rootfs.diff_ids) ? rootfs.diff_ids : undefined;
  if (!diffIds?.every((id) => typeof id === "string" && isDigest(id)))
    throw malformed("image config", "its list of layers is not valid");
  if (layerCount !== undefined && diffIds.length !== layerCount) {
    throw malformed("image config", `it names ${diffIds.length} layers where the manifest has ${layerCount}`);
  }
  for (const field of ["os", "architecture", "variant", "created", "author"]) {
    if (!isAbsentOrText(document[field])) throw malformed("image config", `${field} is not text`);
  }
  checkDefaults(document.config ?? {});
  return {
    ...(document as unknown as ImageConfig),
    os: (document.os as string | undefined) || "linux",
    architecture: (document.architecture as string | undefined) ?? "",
    rootfs: { type: "layers", diff_ids: diffIds },
  };
}

/**
 * Reads the `config` part of an image config, as a document of its own.
 * @throws {DhowError} `corrupt`.
 */
export function parseContainerDefaults(bytes: Uint8Array): ContainerDefaults {
  const document = parseDocument(bytes, "image config");
  checkDefaults(document);
  return document as ContainerDefaults;
}

/** Checks the shape of everything that containers are made from, so that nobody else has to. */
function checkDefaults(defaults: unknown): void {
  if (!isObject(defaults)) throw malformed("image config", "config is not an object");
  for (const [fields, isValid] of defaultsShape) {
    const wrong = fields.find((field) => !isValid(defaults[field]));
    if (wrong) throw malformed("image config", `config.${wrong} has the wrong type`);
  }
}
const defaultsShape: readonly (readonly [readonly string[], (value: unknown) => boolean])[] = [
  [["User", "WorkingDir", "StopSignal"], isAbsentOrText],
  [["Env", "Entrypoint", "Cmd", "Shell", "OnBuild"], isAbsentOrTextList],
  [["ExposedPorts", "Volumes", "Healthcheck"], isAbsentOrObject],
  [["Labels"], isAbsentOrTextMap],
];

function parseDocument(bytes: Uint8Array, what: string): JsonObject {
  if (bytes.length > manifestSizeLimit) throw malformed(what, `it is larger than ${manifestSizeLimit >> 20} MiB`);
  let document: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    document = JSON.parse(text, dropNull);
  } catch (cause) {
    throw malformed(what, "it is not JSON", cause);
  }
  if (!isObject(document)) throw malformed(what, "it is not a JSON object");
  return document;
}

/** Go writes absent lists and maps as null. In a list, where a hole would pass every check, null stays what it is. */
function dropNull(this: unknown, _key: string, value: unknown): unknown {
  return value === null && !Array.isArray(this) ? undefined : value;
}

function refuseSchema1(document: JsonObject): void {
  if (document.schemaVersion !== 1) return;
  throw new DhowError("unsupported manifest: Docker image manifest schema 1 is no longer supported by any engine", {
    kind: "unsupported",
    hint: "ask the publisher to push the image again with a current tool",
  });
}

/** The document's own word counts most: the same bytes must never be read as two different things (CVE-2021-41190). */
function kindOf(document: JsonObject, contentType: string): "manifest" | "index" {
  if (document.schemaVersion !== 2) throw malformed("manifest", "schemaVersion is not 2");
  const [looksLikeIndex, looksLikeManifest] = ["manifests", "layers"].map((field) => document[field] !== undefined);
  if (looksLikeIndex && looksLikeManifest) throw malformed("manifest", "it is both a manifest and an index");
  const named = document.mediaType;
  if (!isAbsentOrText(named)) throw malformed("manifest", "mediaType is not text");
  const mediaType = (named as string | undefined) || contentType.split(";", 1)[0]?.trim() || "";
  if (isIndexType(mediaType)) return "index";
  if (isManifestType(mediaType)) return "manifest";
  if (named) throw new DhowError(`unsupported manifest type ${quote(mediaType)}`, { kind: "unsupported" });
  return looksLikeIndex ? "index" : "manifest";
}

function parseDescriptors(value: unknown, field: string): Descriptor[] {
  if (!Array.isArray(value)) throw malformed("manifest", `${field} is missing or not a list`);
  return value.map((item, position) => parseDescriptor(item, `${field}[${position}]`));
}

function parseDescriptor(value: unknown, field: string): Descriptor {
  if (!isObject(value)) throw malformed("manifest", `${field} is missing or not an object`);
  const { mediaType, digest, size, platform, annotations } = value;
  if (typeof mediaType !== "string" || mediaType === "") throw malformed("manifest", `${field} has no media type`);
  if (typeof digest !== "string" || !isDigest(digest))
    throw malformed("manifest", `${field} has no valid sha256 digest`);
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0)
    throw malformed("manifest", `${field} has no valid size`);
  if (platform !== undefined && !isPlatform(platform)) throw malformed("manifest", `${field} has no valid platform`);
  if (!isAbsentOrObject(annotations)) throw malformed("manifest", `${field} has no valid annotations`);
  return value as unknown as Descriptor;
}

function isPlatform(value: unknown): value is Platform {
  if (!isObject(value)) return false;
  return typeof value.os === "string" && typeof value.architecture === "string" && isAbsentOrText(value.variant);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isAbsentOrText(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}

function isAbsentOrObject(value: unknown): boolean {
  return value === undefined || isObject(value);
}

function isAbsentOrTextList(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.every((item) => typeof item === "string"));
}

function isAbsentOrTextMap(value: unknown): boolean {
  return value === undefined || (isObject(value) && Object.values(value).every((item) => typeof item === "string"));
}

function malformed(what: string, reason: string, cause?: unknown): DhowError {
  return new DhowError(`invalid ${what}: ${reason}`, { kind: "corrupt", cause });
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}
