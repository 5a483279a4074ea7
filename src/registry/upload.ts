import { createReadStream } from "node:fs";
import { DhowError } from "../errors.ts";
import type { Descriptor } from "../oci/image.ts";
import { type Reference, repositoryName } from "../oci/reference.ts";
import { responseError } from "./response-error.ts";
import { waitBeforeRetry } from "./retry.ts";
import { pushScope, requestSignedIn, type Session } from "./session.ts";
import type { RequestOptions, TransportResponse } from "./transport.ts";

/** A blob on its way to a repository. */
export interface BlobSource {
  /** The file that holds it. Nobody may change it meanwhile. */
  readonly path: string;
  /** Another repository of the same registry that may have the blob: the registry is asked to take it from there. */
  readonly mountFrom?: string | undefined;
  /** Called with the number of bytes sent; it falls when sending has to begin anew. */
  readonly onProgress?: ((sentBytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type UploadOutcome = "mounted" | "uploaded";

/** Up to this size a blob is sent in one request that is its upload and its end. */
const monolithicLimit = 4 << 20;
/** What bodies are cut down to, one after the other, where a registry or a proxy in front of it finds them too large. */
const smallerBodies = [64 << 20, 16 << 20, 5 << 20];
/** Registries may move a large blob to its place while they answer. */
const patientAnswerMs = 15 * 60_000;
const retriedStatuses: readonly number[] = [408, 416, 429, 500, 502, 503, 504];

/** What one attempt leaves to the next. */
interface Memory {
  bodyLimit: number;
  /** Where the upload goes on, if the registry still knows it. */
  location: URL | undefined;
}

/** Why an attempt ended that another one may better. */
interface Interruption {
  readonly error: DhowError;
  readonly retryAfter?: string | undefined;
  /** The next attempt can start at once, and does not count. */
  readonly isHelped?: boolean;
}

/**
 * Makes a blob part of a repository: taken from another repository if the registry does that, else sent, small ones at one go,
 * larger ones as a stream that is picked up again where it broke, in smaller bodies where the registry wants that.
 * Success means that the registry has checked and stored the blob.
 * @throws {DhowError} `permission-denied`, `unavailable`.
 */
export async function uploadBlob(
  session: Session,
  reference: Reference,
  { descriptor, source }: { readonly descriptor: Descriptor; readonly source: BlobSource },
): Promise<UploadOutcome> {
  const memory: Memory = { bodyLimit: Number.POSITIVE_INFINITY, location: undefined };
  for (let failures = 0; ; ) {
    source.signal?.throwIfAborted();
    const outcome = await attempt({ session, reference, descriptor, source, memory });
    if (typeof outcome === "string") return outcome;
    if (outcome.isHelped) continue;
    if (failures >= session.retry.retries) throw outcome.error;
    await waitBeforeRetry(session.retry, failures++, { retryAfter: outcome.retryAfter, signal: source.signal });
  }
}

interface Upload {
  readonly session: Session;
  readonly reference: Reference;
  readonly descriptor: Descriptor;
  readonly source: BlobSource;
  readonly memory: Memory;
}

async function attempt(upload: Upload): Promise<UploadOutcome | Interruption> {
  try {
    const start = (await findStart(upload)) ?? (await begin(upload));
    return start === "mounted" || "error" in start ? start : await send(upload, start);
  } catch (error) {
    upload.source.signal?.throwIfAborted();
    // A connection that broke. What the registry itself said was looked at before.
    if (error instanceof BrokenConnection) return { error: writingBlob(upload, error.cause) };
    throw error;
  }
}

interface Start {
  readonly location: URL;
  readonly offset: number;
}

/** Opens an upload, or lets the registry take the blob from another repository, which it may decline. */
async function begin(upload: Upload): Promise<Start | "mounted" | Interruption> {
  const { session, reference, descriptor, source } = upload;
  const path = `/v2/${reference.repository}/blobs/uploads/`;
  const { mountFrom } = source;
  if (mountFrom !== undefined) {
    const query = new URLSearchParams({ mount: descriptor.digest, from: mountFrom });
    const response = await request(upload, new URL(`${path}?${query}`, session.base), { method: "POST" });
    await response.discard();
    if (response.status === 201) return "mounted";
    if (response.status === 202) return { location: locationOf(response, session), offset: 0 };
  }
  const response = await request(upload, new URL(path, session.base), { method: "POST" });
  if (response.status !== 202) {
    return explain(upload, response, `writing blob: initiating layer upload to ${path} in ${reference.registry}`);
  }
  await response.discard();
  return { location: locationOf(response, session), offset: 0 };
}

/** Asks how much of the upload the registry has; undefined if it does not know it any more. */
async function findStart(upload: Upload): Promise<Start | undefined> {
  const { location } = upload.memory;
  if (location === undefined) return undefined;
  upload.memory.location = undefined;
  const response = await request(upload, location, {});
  await response.discard();
  if (response.status !== 204) return undefined;
  const offset = receivedBytes(response);
  if (offset === undefined || offset > upload.descriptor.size) return undefined;
  return { location: locationOf(response, upload.session, location), offset };
}

async function send(upload: Upload, start: Start): Promise<UploadOutcome | Interruption> {
  const { size, digest } = upload.descriptor;
  let { location, offset } = start;
  while (size > monolithicLimit && offset < size) {
    const end = Math.min(size, offset + upload.memory.bodyLimit);
    upload.memory.location = location;
    const response = await request(upload, location, {
      method: "PATCH",
      ...bodyOf(upload, offset, end),
    });
    if (response.status >= 300 || response.status < 200) return explain(upload, response);
    await response.discard();
    location = locationOf(response, upload.session, location);
    // A registry may have kept less than it was sent.
    const next = receivedBytes(response) ?? end;
    if (next <= offset) return { error: writingBlob(upload, "the registry keeps nothing of what it is sent") };
    offset = next;
  }
  const target = new URL(location);
  target.searchParams.set("digest", digest);
  const body = bodyOf(upload, offset, size);
  const response = await request(upload, target, { method: "PUT", answerTimeoutMs: patientAnswerMs, ...body });
  upload.memory.location = undefined;
  if (response.status >= 300 || response.status < 200) return explain(upload, response);
  await response.discard();
  return "uploaded";
}

/** What to do about an answer that is no success. @throws {DhowError} if nothing helps. */
async function explain(
  { memory, descriptor, reference }: Upload,
  response: TransportResponse,
  doing = `writing blob ${descriptor.digest} to ${repositoryName(reference)}`,
): Promise<Interruption> {
  const smaller = smallerBodies.find((limit) => limit < Math.min(memory.bodyLimit, descriptor.size));
  const error = await responseError(response, doing);
  if (response.status === 413 && smaller !== undefined) {
    memory.bodyLimit = smaller;
    memory.location = undefined;
    return { error, isHelped: true };
  }
  // An upload that went on may be forgotten by now.
  const isForgotten = response.status === 404 && memory.location !== undefined;
  if (!isForgotten && !retriedStatuses.includes(response.status)) throw error;
  return { error, retryAfter: response.header("retry-after") };
}

function bodyOf({ descriptor, source }: Upload, start: number, end: number): Pick<RequestOptions, "headers" | "body"> {
  const headers: Record<string, string> = {
    "content-type": "application/octet-stream",
    "content-length": String(end - start),
  };
  // Without it a body is all of the blob.
  if (end > start && (start > 0 || end < descriptor.size)) headers["content-range"] = `${start}-${end - 1}`;
  if (end === start) return { headers, body: "" };
  return {
    headers,
    body() {
      let sent = start;
      const stream = createReadStream(source.path, { start, end: end - 1, highWaterMark: 256 << 10 });
      stream.on("data", (chunk) => {
        sent += chunk.length;
        source.onProgress?.(sent);
      });
      // Whoever sends it starts it.
      return stream.pause();
    },
  };
}

/** `Range: 0-99` stands for a hundred bytes; `0-0` for none, as registries say it. */
function receivedBytes(response: TransportResponse): number | undefined {
  const last = /^(?:bytes=)?0-(\d+)$/.exec(response.header("range") ?? "")?.[1];
  if (last === undefined) return undefined;
  return last === "0" ? 0 : Number(last) + 1;
}

/**
 * Where the upload goes on. A registry behind a proxy that ends TLS may name its own address with http, which would leave TLS.
 * @throws {DhowError} `corrupt` if the registry names none.
 */
function locationOf(response: TransportResponse, { base }: Session, former = base): URL {
  const location = response.header("location");
  if (location === undefined && former !== base) return former;
  const url = location === undefined ? null : URL.parse(location, base.href);
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new DhowError(`the registry ${base.host} does not say where to send a blob to`, { kind: "corrupt" });
  }
  if (base.protocol === "https:" && url.protocol === "http:" && url.hostname === base.hostname) {
    url.protocol = base.protocol;
    url.port = base.port;
  }
  return url;
}

/** No answer came; the cause says why. */
class BrokenConnection extends Error {}

async function request(upload: Upload, url: URL, options: RequestOptions): Promise<TransportResponse> {
  const { session, reference, source } = upload;
  try {
    return await requestSignedIn(session, url, pushScope(reference, source.mountFrom), {
      ...options,
      signal: source.signal,
    });
  } catch (error) {
    if (!(error instanceof DhowError) || error.kind !== "unavailable") throw error;
    throw new BrokenConnection("the connection broke", { cause: error });
  }
}

function writingBlob({ descriptor }: Upload, reason: unknown): DhowError {
  const cause = typeof reason === "string" ? new Error(reason) : reason;
  return new DhowError(`writing blob ${descriptor.digest}`, { kind: "unavailable", cause });
}
