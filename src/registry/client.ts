import { createHash } from "node:crypto";
import { DhowError } from "../errors.ts";
import { type Digest, parseDigest } from "../oci/digest.ts";
import type { Descriptor } from "../oci/image.ts";
import { manifestSizeLimit } from "../oci/manifest.ts";
import { acceptedManifestTypes } from "../oci/media-types.ts";
import { type Reference, repositoryName } from "../oci/reference.ts";
import { downloadBlob } from "./download.ts";
import { responseError } from "./response-error.ts";
import { openSession, pullScope, pushScope, type RegistrySettings, requestSignedIn, type Session } from "./session.ts";
import type { TransportResponse } from "./transport.ts";
import { type BlobSource, type UploadOutcome, uploadBlob } from "./upload.ts";

/** A connection to one registry, speaking the distribution protocol. Must be closed. */
export interface RegistryClient {
  /**
   * Fetches the manifest or index that the reference's digest or tag stands for. The digest is computed from the bytes, and
   * compared with the one asked for and with the one that the registry names.
   * @throws {DhowError} `not-found`, `permission-denied`, `unavailable`, `corrupt`.
   */
  fetchManifest(reference: Reference): Promise<FetchedManifest>;
  /** The digest that the tag stands for now, as the registry says; undefined if it does not say. @throws {DhowError} `not-found`. */
  findDigest(reference: Reference): Promise<Digest | undefined>;
  /** Downloads a blob into a file, as {@link downloadBlob}. */
  fetchBlob(reference: Reference, descriptor: Descriptor, target: BlobTarget): Promise<void>;
  /** All tags of the repository, in the registry's order. */
  listTags(reference: Reference): Promise<string[]>;
  /** Whether the repository has the blob; false if the registry does not say. */
  hasBlob(reference: Reference, descriptor: Descriptor): Promise<boolean>;
  /** Makes a blob part of the repository, as {@link uploadBlob}. */
  putBlob(reference: Reference, descriptor: Descriptor, source: BlobSource): Promise<UploadOutcome>;
  /**
   * Stores a manifest or an index under the reference's tag, or under its digest alone. What it names must be there.
   * @throws {DhowError} `unsupported` if the registry does not take manifests of that type; `permission-denied`, `unavailable`.
   */
  putManifest(reference: Reference, manifest: PutManifest): Promise<void>;
  close(): Promise<void>;
}

export interface FetchedManifest {
  readonly bytes: Buffer;
  readonly digest: Digest;
  /** What the registry calls it. */
  readonly contentType: string;
}

export interface PutManifest {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

export interface BlobTarget {
  readonly path: string;
  readonly onProgress?: (receivedBytes: number) => void;
  readonly signal?: AbortSignal;
}

const tagListLimit = 8 << 20;

/**
 * Connects to a registry and learns how it wants to be signed in to.
 * @param registry `host[:port]`.
 * @throws {DhowError} `unavailable` with podman's "pinging container registry ...".
 */
export async function connectRegistry(registry: string, settings: RegistrySettings): Promise<RegistryClient> {
  const session = await openSession(registry, settings);
  return {
    fetchManifest: (reference) => fetchManifest(session, reference),
    findDigest: (reference) => findDigest(session, reference),
    fetchBlob: (reference, descriptor, target) =>
      downloadBlob({
        ...target,
        descriptor,
        retry: session.retry,
        open: (offset) => openBlob(session, reference, { descriptor, offset, signal: target.signal }),
      }),
    listTags: (reference) => listTags(session, reference),
    hasBlob: (reference, descriptor) => hasBlob(session, reference, descriptor),
    putBlob: (reference, descriptor, source) => uploadBlob(session, reference, { descriptor, source }),
    putManifest: (reference, manifest) => putManifest(session, reference, manifest),
    close: () => session.transport.close(),
  };
}

/**
 * Signs in to a registry, for `login`: success means that it accepts the credentials.
 * @throws {DhowError} `permission-denied` if it does not.
 */
export async function checkLogin(registry: string, settings: RegistrySettings): Promise<void> {
  const session = await openSession(registry, settings);
  try {
    const response = await requestSignedIn(session, "/v2/", "", {});
    if (response.status !== 200) throw await responseError(response, `logging into ${JSON.stringify(registry)}`);
    await response.discard();
  } finally {
    await session.transport.close();
  }
}

async function fetchManifest(session: Session, reference: Reference): Promise<FetchedManifest> {
  const wanted = reference.digest ?? reference.tag ?? "latest";
  const doing = `reading manifest ${wanted} in ${repositoryName(reference)}`;
  const response = await requestSignedIn(
    session,
    `/v2/${reference.repository}/manifests/${wanted}`,
    pullScope(reference),
    {
      headers: { accept: acceptedManifestTypes },
    },
  );
  if (response.status !== 200) throw await responseError(response, doing);
  const bytes = await response.bytes(manifestSizeLimit);
  const digest = parseDigest(`sha256:${createHash("sha256").update(bytes).digest("hex")}`);
  const named = response.header("docker-content-digest");
  for (const expected of [reference.digest, named?.startsWith("sha256:") ? named : undefined]) {
    if (expected === undefined || expected === digest) continue;
    throw new DhowError(`${doing}: Digest did not match, expected ${expected.slice(0, 100)}, got ${digest}`, {
      kind: "corrupt",
    });
  }
  return { bytes, digest, contentType: response.header("content-type") ?? "" };
}

async function findDigest(session: Session, reference: Reference): Promise<Digest | undefined> {
  const wanted = reference.digest ?? reference.tag ?? "latest";
  const response = await requestSignedIn(
    session,
    `/v2/${reference.repository}/manifests/${wanted}`,
    pullScope(reference),
    {
      method: "HEAD",
      headers: { accept: acceptedManifestTypes },
    },
  );
  if (response.status !== 200)
    throw await responseError(response, `reading manifest ${wanted} in ${repositoryName(reference)}`);
  await response.discard();
  const named = response.header("docker-content-digest") ?? "";
  return /^sha256:[0-9a-f]{64}$/.test(named) ? parseDigest(named) : undefined;
}

interface BlobRequest {
  readonly descriptor: Descriptor;
  readonly offset: number;
  readonly signal: AbortSignal | undefined;
}

async function openBlob(session: Session, reference: Reference, request: BlobRequest): Promise<TransportResponse> {
  const { descriptor, offset, signal } = request;
  const path = `/v2/${reference.repository}/blobs/${descriptor.digest}`;
  const headers: Record<string, string> = offset > 0 ? { range: `bytes=${offset}-` } : {};
  const response = await requestSignedIn(session, path, pullScope(reference), { headers, signal });
  if (response.status === 200 || response.status === 206) return response;
  throw await responseError(response, `reading blob ${descriptor.digest} in ${repositoryName(reference)}`);
}

async function listTags(session: Session, reference: Reference): Promise<string[]> {
  const tags: string[] = [];
  let next: string | undefined = `/v2/${reference.repository}/tags/list`;
  while (next !== undefined) {
    const response: TransportResponse = await requestSignedIn(session, next, pullScope(reference), {});
    if (response.status !== 200)
      throw await responseError(response, `fetching tags list of ${repositoryName(reference)}`);
    const page = parseTags(await response.bytes(tagListLimit), reference);
    tags.push(...page);
    const link = response.header("link")?.match(/<([^>]*)>\s*;\s*rel="?next"?/)?.[1];
    const url = link === undefined ? null : URL.parse(link, session.base.href);
    // A page without tags would make an endless loop.
    next = url?.origin === session.base.origin && page.length > 0 ? url.pathname + url.search : undefined;
  }
  return tags;
}

function parseTags(bytes: Buffer, reference: Reference): string[] {
  try {
    const { tags } = JSON.parse(bytes.toString("utf8")) as { tags?: unknown };
    if (tags === null || tags === undefined) return [];
    if (Array.isArray(tags) && tags.every((tag) => typeof tag === "string")) return tags;
  } catch {
    // The same sentence fits.
  }
  throw new DhowError(`the tags list of ${repositoryName(reference)} is not valid`, { kind: "corrupt" });
}

async function hasBlob(session: Session, reference: Reference, { digest, size }: Descriptor): Promise<boolean> {
  const path = `/v2/${reference.repository}/blobs/${digest}`;
  const response = await requestSignedIn(session, path, pushScope(reference), { method: "HEAD" });
  if (response.status === 401) {
    throw await responseError(response, `checking whether a blob ${digest} exists in ${repositoryName(reference)}`);
  }
  await response.discard();
  const length = response.header("content-length");
  return response.status === 200 && (length === undefined || Number(length) === size);
}

/** What registries answer to manifests of a type that they do not know. */
const refusingStatuses: readonly number[] = [400, 405, 415];

async function putManifest(session: Session, reference: Reference, { bytes, mediaType }: PutManifest): Promise<void> {
  const target = reference.tag ?? reference.digest ?? "latest";
  const path = `/v2/${reference.repository}/manifests/${target}`;
  const response = await requestSignedIn(session, path, pushScope(reference), {
    method: "PUT",
    headers: { "content-type": mediaType },
    body: bytes,
    retry: true,
  });
  if (response.status >= 200 && response.status < 300) return response.discard();
  const doing = `writing manifest: uploading manifest ${target} to ${repositoryName(reference)}`;
  const error = await responseError(response, doing);
  if (!refusingStatuses.includes(response.status)) throw error;
  throw new DhowError(error.message, { kind: "unsupported", cause: error.cause });
}
