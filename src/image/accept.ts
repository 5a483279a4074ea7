import { readFileSync, rmSync } from "node:fs";
import type { Engine } from "../engine.ts";
import { DhowError, isKind } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import type { Descriptor } from "../oci/image.ts";
import { formatReference, type Reference } from "../oci/reference.ts";
import { acceptsAnything, requireAccepted } from "../trust/judge.ts";
import { lookasideFolder, lookasideUrl, readSignatureFile, signatureName } from "../trust/lookaside.ts";
import { loadPolicy } from "../trust/policy-file.ts";
import { findSignatureStore, loadSignatureStores } from "../trust/registries-d.ts";
import { registryScopes } from "../trust/scopes.ts";
import { type SigstoreSignature, sigstoreNames } from "../trust/sigstore.ts";
import type { RegistryImage } from "./registry-image.ts";
import { fetchAttachments } from "./sign.ts";

/** More than that is no honest payload, and no honest number of signatures. */
const payloadSizeLimit = 4 << 20;
const signatureCountLimit = 100;

/**
 * Checks that the signature policy (policy.json) lets an image in under the name that the user wants. Nothing is stored.
 * @param wanted What the user asked for, whatever mirror it comes from.
 * @throws {DhowError} `permission-denied` in podman's words; `invalid-argument` for an invalid policy.
 */
export async function requireAcceptedImage(
  { blobs }: Pick<Engine, "blobs">,
  image: RegistryImage,
  wanted: Reference,
): Promise<void> {
  const policy = loadPolicy();
  if (acceptsAnything(policy)) return;
  const name = `docker://${formatReference(wanted)}`;
  const digests = [image.manifestDigest, image.index?.digest].filter((digest) => digest !== undefined);
  try {
    await requireAccepted(policy, {
      transport: "docker",
      scopes: registryScopes(wanted),
      name,
      reference: wanted,
      digests,
      signatures: () => fetchSignatures(blobs, image, { wanted, digests }),
      gpgSignatures: () => fetchGpgSignatures(wanted, digests),
    });
  } catch (cause) {
    if (!(cause instanceof DhowError)) throw cause;
    throw new DhowError(`unable to copy from source ${name}`, { kind: cause.kind, cause });
  }
}

/** All signatures that lie beside an image, if registries.d says that there may be some. */
async function fetchSignatures(
  blobs: Engine["blobs"],
  image: RegistryImage,
  { wanted, digests }: { readonly wanted: Reference; readonly digests: readonly Digest[] },
): Promise<SigstoreSignature[]> {
  const stores = await loadSignatureStores();
  const isEnabled = [image.reference, wanted].some((each) => findSignatureStore(stores, each)?.useSigstoreAttachments);
  if (!isEnabled) {
    throw new DhowError("A signature was required, but no signature exists", {
      kind: "permission-denied",
      hint: `none was looked for, as no file in registries.d says 'use-sigstore-attachments: true' for ${wanted.registry}`,
    });
  }
  const signatures: SigstoreSignature[] = [];
  for (const digest of digests) {
    for (const layer of await findSignatureLayers(image, digest)) {
      const payload = await readPayload(blobs, image, layer);
      signatures.push({ payload, signature: layer.annotations?.[sigstoreNames.signatureAnnotation] });
    }
  }
  return signatures;
}

/** All signatures that lie in the lookaside of an image. */
async function fetchGpgSignatures(wanted: Reference, digests: readonly Digest[]): Promise<Buffer[]> {
  const url = lookasideUrl(findSignatureStore(await loadSignatureStores(), wanted), "read");
  const signatures: Buffer[] = [];
  for (const digest of digests) {
    for (let number = 1; number <= signatureCountLimit; number++) {
      const signature = await readLookaside(url, signatureName(wanted, digest, number));
      if (signature === undefined) break;
      signatures.push(signature);
    }
  }
  return signatures;
}

async function readLookaside(url: URL, name: string): Promise<Buffer | undefined> {
  if (url.protocol === "file:") return readSignatureFile(`${lookasideFolder(url)}/${name}`);
  const { openWebFile } = await import("../registry/open-url.ts");
  try {
    await using file = await openWebFile(`${url.href.replace(/\/$/, "")}/${name}`, { retries: 3, delayMs: 1000 });
    const chunks: Buffer[] = [];
    for await (const chunk of file.chunks) {
      chunks.push(chunk);
      if (chunks.reduce((sum, { length }) => sum + length, 0) > payloadSizeLimit) throw tooLarge(name);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (isKind(error, "not-found")) return undefined;
    throw error;
  }
}

async function findSignatureLayers(image: RegistryImage, digest: Digest): Promise<Descriptor[]> {
  const attachments = await fetchAttachments(image, digest);
  const layers = attachments?.layers ?? [];
  return layers.filter(({ mediaType }) => mediaType === sigstoreNames.payloadType).slice(0, signatureCountLimit);
}

async function readPayload(
  blobs: Engine["blobs"],
  { client, reference }: RegistryImage,
  layer: Descriptor,
): Promise<Buffer> {
  if (layer.size > payloadSizeLimit) throw tooLarge(layer.digest);
  const path = blobs.partialPath(layer.digest);
  try {
    await client.fetchBlob(reference, layer, { path });
    return readFileSync(path);
  } finally {
    rmSync(path, { force: true });
  }
}

function tooLarge(name: string): DhowError {
  return new DhowError(`the signature ${name} is larger than ${payloadSizeLimit >> 20} MiB`, { kind: "corrupt" });
}
