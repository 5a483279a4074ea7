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
import { type GpgSigner, requireGpgKey, signWithGpg } from "../trust/gpg.ts";
import { readPrivateKey } from "../trust/keys.ts";
import { addSignatureFile, lookasideFolder, lookasideUrl } from "../trust/lookaside.ts";
import { findSignatureStore, loadSignatureStores } from "../trust/registries-d.ts";
import { makeSignature, signatureTag, sigstoreNames } from "../trust/sigstore.ts";
import { connectForPush, type RegistryOptions } from "./registry-image.ts";
import { parseLocation } from "./transport/location.ts";

/** With what images are signed. */
export type Signer = { readonly kind: "sigstore"; readonly key: KeyObject } | GpgSigner;

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

/**
 * Reads a file of parameters for sigstore signatures, as containers-sigstore-signing-params.yaml(5) describes it.
 * @throws {DhowError} `not-found`; `invalid-argument` for a mistake; `unsupported` for certificates and logs on the web.
 */
export async function readSigningParameters(path: string): Promise<{ path: string; passphraseFile?: string }> {
  const { parse } = await import("yaml");
  const text = readText(path, "parameter file");
  let document: unknown;
  try {
    document = parse(text, { schema: "core", maxAliasCount: 100 });
  } catch (cause) {
    throw new DhowError(`the parameter file ${path} cannot be read`, { kind: "invalid-argument", cause });
  }
  const { privateKeyFile, privateKeyPassphraseFile, ...others } = (document ?? {}) as Record<string, unknown>;
  const [other] = Object.keys(others);
  if (other === "fulcio" || other === "rekorURL") {
    throw unsupported(`${path}: dhow signs with sigstore key pairs alone, without ${other}`);
  }
  const isText = (value: unknown) => typeof value === "string" && value !== "";
  if (
    other !== undefined ||
    !isText(privateKeyFile) ||
    !["undefined", "string"].includes(typeof privateKeyPassphraseFile)
  ) {
    throw new DhowError(
      `the parameter file ${path} has a mistake: ${other === undefined ? "it names no privateKeyFile" : `unknown key ${JSON.stringify(other)}`}`,
      {
        kind: "invalid-argument",
      },
    );
  }
  return {
    path: privateKeyFile as string,
    ...(privateKeyPassphraseFile ? { passphraseFile: privateKeyPassphraseFile as string } : {}),
  };
}

/** The first line of a file. @throws {DhowError} `not-found`. */
export function readPassphraseFile(path: string): Buffer {
  return Buffer.from(readText(path, "passphrase file").split("\n", 1)[0] ?? "");
}

/**
 * Whether signatures of an image can be made, and put where they belong. Called before anything is uploaded.
 * @throws {DhowError} `unsupported` if registries.d does not say so; `not-found` for a key that is not there.
 */
export async function requireSignaturePlace(reference: Reference, signer: Signer): Promise<void> {
  const store = findSignatureStore(await loadSignatureStores(), reference);
  if (signer.kind === "gpg") {
    requireGpgKey(signer);
    lookasideFolder(lookasideUrl(store, "write"));
    return;
  }
  if (store?.useSigstoreAttachments) return;
  throw new DhowError("writing sigstore attachments is disabled by configuration", {
    kind: "unsupported",
    hint: `say 'use-sigstore-attachments: true' for ${reference.registry} in a file of ~/.config/containers/registries.d`,
  });
}

/**
 * Signs an image that is in a registry, under the name it has there, and puts the signature beside it, or into the lookaside if
 * it is one of GPG's. Signatures that are there stay.
 * @throws {DhowError} `permission-denied`, `unavailable`.
 */
export async function addSignature(
  engine: Pick<Engine, "paths">,
  place: ImagePlace,
  digest: Digest,
  signer: Signer,
): Promise<void> {
  if (signer.kind === "sigstore") return attachSignature(engine, place, digest, signer.key);
  const { reference } = place;
  const url = lookasideUrl(findSignatureStore(await loadSignatureStores(), reference), "write");
  addSignatureFile(lookasideFolder(url), reference, digest, makeGpgSignature(reference, digest, signer));
}

/** @throws {DhowError} As `signWithGpg`. */
function makeGpgSignature(reference: Reference, digest: Digest, signer: GpgSigner): Buffer {
  return signWithGpg({ digest, reference: formatReference({ ...reference, digest: undefined }) }, signer);
}

async function attachSignature(
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
  readonly signer: Signer;
  /** Where GPG signatures go, instead of the lookaside. */
  readonly directory: string | undefined;
  /** The images of an index, too. */
  readonly all: boolean;
}

/**
 * Signs an image where it is, in its registry; with GPG also one of the store (`containers-storage:`).
 * @returns The digests that were signed.
 * @throws {DhowError} `not-found`, as {@link addSignature}.
 */
export async function signImage(
  engine: Pick<Engine, "images" | "paths">,
  name: string,
  { signer, directory, all, ...options }: SignOptions,
): Promise<Digest[]> {
  if (directory !== undefined && signer.kind !== "gpg") {
    throw unsupported("cannot use --directory: sigstore signatures lie in the registry");
  }
  const location = parseLocation(name) ?? ({ transport: "docker", reference: parseReference(name) } as const);
  const put = async (reference: Reference, digest: Digest, client?: RegistryClient) => {
    if (signer.kind === "gpg" && directory !== undefined) {
      addSignatureFile(directory, reference, digest, makeGpgSignature(reference, digest, signer));
    } else await addSignature(engine, { client: client as RegistryClient, reference }, digest, signer);
  };
  if (location.transport === "containers-storage") {
    if (signer.kind !== "gpg") throw unsupported(`cannot sign ${name}: sigstore signatures lie in registries`);
    const image = engine.images.get(location.name);
    const stored = engine.images.findName(location.name);
    if (stored === undefined) throw unsupported(`cannot sign ${name}: a signature speaks of a name`);
    await put(parseReference(stored), image.manifestDigest);
    return [image.manifestDigest];
  }
  if (location.transport !== "docker") throw unsupported(`cannot sign ${name}: it is in no registry`);
  const reference = withDefaultTag(location.reference);
  if (directory === undefined) await requireSignaturePlace(reference, signer);
  const client = await connectForPush(loadRegistriesConfig(), reference, options);
  try {
    const { bytes, digest, contentType } = await client.fetchManifest(reference);
    const parsed = parseManifest(bytes, contentType);
    const instances = all && parsed.kind === "index" ? parsed.index.manifests.map((each) => each.digest) : [];
    const digests = [digest, ...instances];
    for (const each of digests) await put(reference, each, client);
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

function unsupported(message: string): DhowError {
  return new DhowError(message, { kind: "unsupported" });
}

function readText(path: string, what: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new DhowError(`cannot read the ${what} ${path}`, { kind: "not-found", cause });
  }
}
