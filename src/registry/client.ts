import { createHash } from "node:crypto";
import { DhowError } from "../errors.ts";
import { type Digest, parseDigest } from "../oci/digest.ts";
import type { Descriptor } from "../oci/image.ts";
import { manifestSizeLimit } from "../oci/manifest.ts";
import { acceptedManifestTypes } from "../oci/media-types.ts";
import { defaultRegistry, type Reference, repositoryName } from "../oci/reference.ts";
import { type Authenticator, createAuthenticator } from "./auth.ts";
import { loadCertificates } from "./certificates.ts";
import type { Credentials } from "./credentials.ts";
import { downloadBlob } from "./download.ts";
import { responseError } from "./response-error.ts";
import type { RetryPolicy } from "./retry.ts";
import { openTransport, type RequestOptions, type Transport, type TransportResponse } from "./transport.ts";

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
  close(): Promise<void>;
}

export interface FetchedManifest {
  readonly bytes: Buffer;
  readonly digest: Digest;
  /** What the registry calls it. */
  readonly contentType: string;
}

export interface BlobTarget {
  readonly path: string;
  readonly onProgress?: (receivedBytes: number) => void;
  readonly signal?: AbortSignal;
}

export interface RegistrySettings {
  /** Plain http and unchecked certificates are allowed: https is tried first. */
  readonly insecure: boolean;
  /** Undefined: anonymous. */
  readonly credentials: Credentials | undefined;
  readonly certDir?: string | undefined;
  readonly retry: RetryPolicy;
  /** As {@link TransportSettings}. */
  readonly idleTimeoutMs?: number | undefined;
}

interface Session {
  readonly transport: Transport;
  readonly authenticator: Authenticator;
  readonly base: URL;
  readonly retry: RetryPolicy;
}

/** Docker Hub answers at another address than its name says. */
const addresses: Readonly<Record<string, string>> = { [defaultRegistry]: "registry-1.docker.io" };
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

async function openSession(registry: string, settings: RegistrySettings): Promise<Session> {
  const host = addresses[registry] ?? registry;
  const { insecure, credentials, retry, idleTimeoutMs } = settings;
  const certificates = loadCertificates(registry, settings.certDir);
  const transport = openTransport({ host, insecure, certificates, retry, idleTimeoutMs });
  const authenticator = createAuthenticator({ transport, credentials, allowPlainHttp: insecure });
  try {
    return { transport, authenticator, retry, base: await ping({ transport, authenticator, insecure, host }) };
  } catch (error) {
    await transport.close();
    if (!(error instanceof DhowError)) throw error;
    throw new DhowError(`pinging container registry ${host}`, { kind: error.kind, cause: error, ...hintOf(error) });
  }
}

interface PingOptions {
  readonly transport: Transport;
  readonly authenticator: Authenticator;
  readonly insecure: boolean;
  readonly host: string;
}

/** @returns The registry's base URL: https, or http if that is allowed and https does not work. */
async function ping(options: PingOptions): Promise<URL> {
  try {
    return await pingScheme("https", options);
  } catch (error) {
    if (!options.insecure) throw error;
    return await pingScheme("http", options);
  }
}

async function pingScheme(scheme: string, { transport, authenticator, host, insecure }: PingOptions): Promise<URL> {
  const url = URL.parse(`${scheme}://${host}/v2/`);
  if (!url) throw new DhowError("its name is no valid address or its port too large", { kind: "invalid-argument" });
  // Where http comes next, waiting for https to get better helps nobody.
  const response = await transport.request(url, insecure && scheme === "https" ? { retry: false } : {});
  if (response.status !== 200 && response.status !== 401)
    throw await responseError(response, `Get ${JSON.stringify(url.href)}`);
  authenticator.challenge(response.header("www-authenticate"));
  await response.discard();
  return url;
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

/** Sends a request with what the registry wants for the scope. A token that it does not accept any more is renewed once. */
async function requestSignedIn(
  { transport, authenticator, base }: Session,
  path: string,
  scope: string,
  options: Omit<RequestOptions, "authorization">,
): Promise<TransportResponse> {
  const url = new URL(path, base);
  const response = await transport.request(url, {
    ...options,
    authorization: await authenticator.authorization(scope),
  });
  const challenge = response.header("www-authenticate");
  // Another host's challenge must not make us send it anything.
  if (response.status !== 401 || challenge === undefined || response.url.origin !== base.origin) return response;
  authenticator.challenge(challenge);
  const authorization = await authenticator.authorization(scope);
  if (authorization === undefined) return response;
  await response.discard();
  return transport.request(url, { ...options, authorization });
}

function pullScope({ repository }: Reference): string {
  return `repository:${repository}:pull`;
}

function hintOf({ hint }: DhowError): { hint?: string } {
  return hint === undefined ? {} : { hint };
}
