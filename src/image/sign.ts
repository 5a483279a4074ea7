import type { KeyObject } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import type { Engine } from "../engine.ts";
import { DhowError, isKind } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import { type Descriptor, type Manifest, mediaTypes } from "../oci/image.ts";
import { parseManifest } from "../oci/manifest.ts";
import { formatReference, parseReference, type Reference, withDefaultTag } from "../oci/reference.ts";
import type { RegistryClient } from "../registry/client.ts";
import { loadRegistriesConfig } from "../registry/registries-conf.ts";
import { sha256 } from "../storage/hash.ts";
import { newTemporaryPath } from "../storage/temporary.ts";
import { writeFileAtomic } from "../system/files.ts";
import { readPrivateKey } from "../trust/keys.ts";
import { findSignatureStore, loadSignatureStores } from "../trust/registries-d.ts";
import { makeSignature, signatureTag, sigstoreNames } from "../trust/sigstore.ts";
import { connectForPush, type RegistryOptions } from "./registry-image.ts";

/** Where an image lies in a registry. */
export interface ImagePlace {
  readonly client: RegistryClient;
  readonly reference: Reference;
}

/**
 * Reads a key for signing.
 * @param passphrase Asked for only if the key is encrypted; undefined if there is none.
 * @throws {DhowError} `not-found`, `corrupt`, `permission-denied` for a wrong passphrase.
 */
export async function readSigningKey(path: string, passphrase: () => Promise<Buffer | undefined>): Promise<KeyObject> {
  const pem = readText(path, "private key");
  return readPrivateKey(pem, pem.includes("ENCRYPTED") ? await passphrase() : undefined, path);
}

/** The first line of a file. @throws {DhowError} `not-found`. */
export function readPassphraseFile(path: string): Buffer {
  return Buffer.from(readText(path, "passphrase file").split("\n", 1)[0] ?? "");
}

/**
 * Whether signatures may be put beside an image. Called before anything is uploaded.
 * @throws {DhowError} `unsupported` if registries.d does not say so.
 */
export async function requireAttachments(reference: Reference): Promise<void> {
  if (findSignatureStore(await loadSignatureStores(), reference)?.useSigstoreAttachments) return;
  throw new DhowError("writing sigstore attachments is disabled by configuration", {
    kind: "unsupported",
    hint: `say 'use-sigstore-attachments: true' for ${reference.registry} in a file of ~/.config/containers/registries.d`,
  });
}

/**
 * Signs an image that is in a registry, under the name it has there, and puts the signature beside it. Signatures that are
 * there stay.
 * @throws {DhowError} `permission-denied`, `unavailable`.
 */
export async function attachSignature(
  engine: Pick<Engine, "paths">,
  { client, reference }: ImagePlace,
  digest: Digest,
  key: KeyObject,
): Promise<void> {
  const { payload, signature = "" } = makeSignature({ digest, reference: formatReference(reference) }, key, new Date());
  const place = { client, reference: { ...reference, tag: signatureTag(digest), digest: undefined } };
  const attachments = await fetchAttachments(place, digest);
  const layer = await putBytes(engine, place, { bytes: payload, mediaType: sigstoreNames.payloadType });
  const layers = [
    ...(attachments?.layers ?? []),
    { ...layer, annotations: { [sigstoreNames.signatureAnnotation]: signature } },
  ];
  const rootfs = { type: "layers", diff_ids: layers.map((each) => each.digest) };
  const configBytes = Buffer.from(JSON.stringify({ architecture: "", os: "", config: {}, rootfs }));
  const config = await putBytes(engine, place, { bytes: configBytes, mediaType: mediaTypes.ociConfig });
  const manifest = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers };
  const bytes = Buffer.from(JSON.stringify(manifest));
  await client.putManifest(place.reference, { bytes, mediaType: mediaTypes.ociManifest });
}

/** The manifest of what lies beside an image; undefined if there is nothing. */
export async function fetchAttachments(
  { client, reference }: ImagePlace,
  digest: Digest,
): Promise<Manifest | undefined> {
  try {
    const { bytes } = await client.fetchManifest({ ...reference, tag: signatureTag(digest), digest: undefined });
    const parsed = parseManifest(bytes);
    if (parsed.kind === "manifest") return parsed.manifest;
  } catch (error) {
    if (isKind(error, "not-found")) return undefined;
    throw error;
  }
  throw new DhowError("the signatures of the image are no manifest", { kind: "corrupt" });
}

export interface SignOptions extends RegistryOptions {
  readonly key: KeyObject;
  /** The images of an index, too. */
  readonly all: boolean;
}

/**
 * Signs an image where it is, in its registry.
 * @returns The digests that were signed.
 * @throws {DhowError} `not-found`, as {@link attachSignature}.
 */
export async function signImage(
  engine: Pick<Engine, "paths">,
  name: string,
  { key, all, ...options }: SignOptions,
): Promise<Digest[]> {
  const reference = withDefaultTag(parseReference(name.replace(/^docker:\/\//, "")));
  await requireAttachments(reference);
  const client = await connectForPush(loadRegistriesConfig(), reference, options);
  try {
    const { bytes, digest, contentType } = await client.fetchManifest(reference);
    const parsed = parseManifest(bytes, contentType);
    const instances = all && parsed.kind === "index" ? parsed.index.manifests.map((each) => each.digest) : [];
    const digests = [digest, ...instances];
    for (const each of digests) await attachSignature(engine, { client, reference }, each, key);
    return digests;
  } finally {
    await client.close();
  }
}

async function putBytes(
  { paths }: Pick<Engine, "paths">,
  { client, reference }: ImagePlace,
  { bytes, mediaType }: { readonly bytes: Uint8Array; readonly mediaType: string },
): Promise<Descriptor> {
  const descriptor = { mediaType, digest: sha256(bytes), size: bytes.length };
  if (await client.hasBlob(reference, descriptor)) return descriptor;
  const path = newTemporaryPath(paths.data);
  try {
    writeFileAtomic(path, bytes);
    await client.putBlob(reference, descriptor, { path });
  } finally {
    rmSync(path, { force: true });
  }
  return descriptor;
}

function readText(path: string, what: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new DhowError(`cannot read the ${what} ${path}`, { kind: "not-found", cause });
  }
}
