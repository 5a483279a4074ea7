import { createHash } from "node:crypto";
import { closeSync, ftruncateSync, openSync, rmSync, writeSync } from "node:fs";
import { DhowError } from "../errors.ts";
import type { Descriptor } from "../oci/image.ts";
import { connectionError, isTransient } from "./connection-error.ts";
import { type RetryPolicy, waitBeforeRetry } from "./retry.ts";
import type { TransportResponse } from "./transport.ts";

export interface BlobDownload {
  readonly descriptor: Descriptor;
  /** The file that collects the bytes. It is created, or emptied first. */
  readonly path: string;
  /** Asks for the bytes from `offset` on. @throws {DhowError} if the registry refuses. */
  open(offset: number): Promise<TransportResponse>;
  /** How often a broken connection is picked up again without a byte of progress in between. */
  readonly retry: RetryPolicy;
  /** Called with the number of bytes that are in the file; it grows, but for a download that has to start again. */
  readonly onProgress?: ((receivedBytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** However much progress there is in between: a connection that breaks that often is of no use. */
const mostInterruptions = 100;

/**
 * Downloads a blob into a file, checking size and digest on the way, and goes on where it was when the connection breaks.
 * When it fails the file is gone.
 * @throws {DhowError} `corrupt` if the bytes are not those that the descriptor names; `unavailable` if they cannot be had.
 */
export async function downloadBlob(download: BlobDownload): Promise<void> {
  const file = openSync(download.path, "w", 0o600);
  try {
    await fill(file, download);
  } catch (error) {
    rmSync(download.path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

interface Progress {
  received: number;
  hash: ReturnType<typeof createHash>;
}

async function fill(file: number, download: BlobDownload): Promise<void> {
  const progress: Progress = { received: 0, hash: createHash("sha256") };
  let failures = 0;
  for (let interruptions = 0; ; interruptions++) {
    const before = progress.received;
    const interruption = await receiveRest(file, progress, download);
    if (interruption === undefined) break;
    failures = progress.received > before ? 0 : failures + 1;
    if (failures > download.retry.retries || interruptions >= mostInterruptions) throw interruption;
    await waitBeforeRetry(download.retry, failures, { signal: download.signal });
  }
  verify(progress, download.descriptor);
}

/** @returns Why the connection broke, if it may be picked up again; undefined when everything is there. */
async function receiveRest(file: number, progress: Progress, download: BlobDownload): Promise<DhowError | undefined> {
  const { descriptor, signal } = download;
  const response = await download.open(progress.received);
  try {
    if (progress.received > 0 && !continuesAt(response, progress.received)) restart(file, progress);
    checkLength(response, progress.received, descriptor);
    await receive(file, response, progress, download);
    return undefined;
  } catch (error) {
    response.abandon();
    signal?.throwIfAborted();
    if (error instanceof DhowError) throw error;
    const reason = withContext(descriptor, connectionError(error, "GET", response.url));
    if (isTransient(error)) return reason;
    throw reason;
  }
}

/** Whether the answer really is the rest that was asked for. Registries may ignore Range and send everything. */
function continuesAt(response: TransportResponse, offset: number): boolean {
  return response.status === 206 && (response.header("content-range") ?? "").startsWith(`bytes ${offset}-`);
}

function restart(file: number, progress: Progress): void {
  ftruncateSync(file, 0);
  progress.received = 0;
  progress.hash = createHash("sha256");
}

function checkLength(response: TransportResponse, offset: number, descriptor: Descriptor): void {
  const length = response.header("content-length");
  if (length === undefined || Number(length) === descriptor.size - offset) return;
  throw mismatch(
    descriptor,
    `the registry has ${offset + Number(length)} bytes where the manifest names ${descriptor.size}`,
  );
}

async function receive(
  file: number,
  response: TransportResponse,
  progress: Progress,
  download: BlobDownload,
): Promise<void> {
  const { descriptor, onProgress } = download;
  for await (const chunk of response.chunks()) {
    if (progress.received + chunk.length > descriptor.size) {
      throw mismatch(descriptor, `the registry sent more than the ${descriptor.size} bytes that the manifest names`);
    }
    writeChunk(file, chunk, { at: progress.received, descriptor });
    progress.hash.update(chunk);
    progress.received += chunk.length;
    onProgress?.(progress.received);
  }
}

/** @throws {DhowError} `unavailable` if the disk is full. */
function writeChunk(file: number, chunk: Buffer, { at, descriptor }: { at: number; descriptor: Descriptor }): void {
  try {
    for (let done = 0; done < chunk.length; ) done += writeSync(file, chunk, done, chunk.length - done, at + done);
  } catch (cause) {
    throw new DhowError(`storing blob ${descriptor.digest}`, { kind: "unavailable", cause });
  }
}

function verify({ received, hash }: Progress, descriptor: Descriptor): void {
  if (received !== descriptor.size) {
    throw mismatch(descriptor, `the registry sent ${received} of the ${descriptor.size} bytes that the manifest names`);
  }
  const digest = `sha256:${hash.digest("hex")}`;
  if (digest !== descriptor.digest)
    throw mismatch(descriptor, `Digest did not match, expected ${descriptor.digest}, got ${digest}`);
}

function mismatch({ digest }: Descriptor, reason: string): DhowError {
  return new DhowError(`copying blob ${digest}: ${reason}`, {
    kind: "corrupt",
    hint: "nothing of it was stored; try again, and tell the registry's operator if it stays so",
  });
}

function withContext({ digest }: Descriptor, error: DhowError): DhowError {
  return new DhowError(`copying blob ${digest}`, { kind: error.kind, cause: error });
}
