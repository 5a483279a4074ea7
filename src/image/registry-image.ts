import { DhowError } from "../errors.ts";
import type { Platform } from "../oci/image.ts";
import { parseManifest, requireImage } from "../oci/manifest.ts";
import { chooseManifest } from "../oci/platform.ts";
import { formatReference, type Reference, repositoryName } from "../oci/reference.ts";
import { connectRegistry, type FetchedManifest, type RegistryClient } from "../registry/client.ts";
import { type Credentials, findCredentials } from "../registry/credentials.ts";
import { findPullSources, type PullSource } from "../registry/pull-sources.ts";
import type { RegistriesConfig } from "../registry/registries-conf.ts";
import type { RetryPolicy } from "../registry/retry.ts";
import type { SourceImage } from "./source-image.ts";

/** How to reach registries. */
export interface RegistryOptions {
  /** --tls-verify; undefined: as registries.conf says, else true. */
  readonly tlsVerify?: boolean | undefined;
  readonly authFile?: string | undefined;
  /** --creds: for the registry that the user named, not for its mirrors. */
  readonly credentials?: Credentials | undefined;
  readonly certDir?: string | undefined;
  readonly retry: RetryPolicy;
}

/** An image in a registry: the one that was chosen there. Closes the connection when disposed of. */
export interface RegistryImage extends SourceImage, AsyncDisposable {
  readonly client: RegistryClient;
  /** Where it lies: a mirror's name, perhaps. */
  readonly reference: Reference;
}

interface OpenOptions extends RegistryOptions {
  readonly platform: Platform;
  /** Takes artifacts, too. */
  readonly anyContent?: boolean;
}

/** Indexes within indexes are allowed, but not for ever. */
const deepestIndex = 3;

/** Connects to the registry (not to its mirrors) that a reference names. The client must be closed. */
export async function connectTo(
  config: RegistriesConfig,
  reference: Reference,
  options: RegistryOptions,
): Promise<RegistryClient> {
  const source = findPullSources(config, reference).at(-1) as PullSource;
  return connect(source, reference, options);
}

/**
 * Connects to the registry that a reference names, for writing: neither its mirrors nor another location take its place. The client
 * must be closed.
 * @throws {DhowError} `permission-denied` if the registry is blocked.
 */
export async function connectForPush(
  config: RegistriesConfig,
  reference: Reference,
  options: RegistryOptions,
): Promise<RegistryClient> {
  const { insecure } = findPullSources(config, reference).at(-1) as PullSource;
  return connect({ reference, insecure, isMirror: false }, reference, options);
}

/**
 * Finds the first of a reference's mirrors and its own registry that has the image. It must be disposed of.
 * @throws {DhowError} What the registry itself said; failures of mirrors are told along.
 */
export async function openRegistryImage(
  config: RegistriesConfig,
  reference: Reference,
  options: OpenOptions,
): Promise<RegistryImage> {
  const mirrorFailures: string[] = [];
  for (const source of findPullSources(config, reference)) {
    try {
      return await openAt(source, reference, options);
    } catch (error) {
      if (!(error instanceof DhowError)) throw error;
      if (!source.isMirror) throw initializingFailed(reference, error, mirrorFailures);
      mirrorFailures.push(`[${formatReference(source.reference)}: ${describeCauses(error)}]`);
    }
  }
  throw new Error("a reference has no source at all");
}

async function openAt(source: PullSource, wanted: Reference, options: OpenOptions): Promise<RegistryImage> {
  const client = await connect(source, wanted, options);
  try {
    const { reference } = source;
    let fetched = await client.fetchManifest(reference);
    let index: FetchedManifest | undefined;
    for (let depth = 0; depth < deepestIndex; depth++) {
      const parsed = parseManifest(fetched.bytes, fetched.contentType);
      if (parsed.kind === "manifest") {
        if (!options.anyContent) requireImage(parsed.manifest);
        return {
          client,
          reference,
          manifest: parsed.manifest,
          manifestBytes: fetched.bytes,
          manifestDigest: fetched.digest,
          index,
          fetchBlob: (descriptor, target) => client.fetchBlob(reference, descriptor, target),
          findBlobFile: () => undefined,
          [Symbol.asyncDispose]: () => client.close(),
        };
      }
      index ??= fetched;
      const { digest } = chooseManifest(parsed.index, options.platform);
      fetched = await client.fetchManifest({ ...reference, digest });
    }
    throw new DhowError(`the image index of ${repositoryName(reference)} is nested too deeply`, {
      kind: "unsupported",
    });
  } catch (error) {
    await client.close();
    throw error;
  }
}

async function connect(
  { reference, insecure }: PullSource,
  wanted: Reference,
  options: RegistryOptions,
): Promise<RegistryClient> {
  const { tlsVerify, authFile, certDir, retry } = options;
  const given = reference.registry === wanted.registry ? options.credentials : undefined;
  return connectRegistry(reference.registry, {
    insecure: tlsVerify === undefined ? insecure : !tlsVerify,
    credentials: given ?? (await findCredentials(repositoryName(reference), { authFile })),
    certDir,
    retry,
  });
}

function initializingFailed(reference: Reference, cause: DhowError, mirrorFailures: readonly string[]): DhowError {
  const mirrors = mirrorFailures.length === 0 ? "" : ` (Mirrors also failed: ${mirrorFailures.join(" ")})`;
  return new DhowError(`initializing source docker://${formatReference(reference)}${mirrors}`, {
    kind: cause.kind,
    cause,
  });
}

/** An error and what caused it, on one line. */
export function describeCauses(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${describeCauses(error.cause)}` : error.message;
}
