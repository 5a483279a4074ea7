import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import type { Platform } from "../oci/image.ts";
import { hostPlatform } from "../oci/platform.ts";
import { formatReference, parseReference, type Reference, repositoryName, withDefaultTag } from "../oci/reference.ts";
import { resolveName } from "../registry/pull-sources.ts";
import { loadRegistriesConfig, type RegistriesConfig } from "../registry/registries-conf.ts";
import type { RetryPolicy } from "../registry/retry.ts";
import type { ImageRecord } from "../storage/images.ts";
import { requireAcceptedImage } from "./accept.ts";
import type { CopyEvent } from "./copy-event.ts";
import { recordImageEvent } from "./record-event.ts";
import { connectTo, describeCauses, openRegistryImage, type RegistryOptions } from "./registry-image.ts";
import { storeImage } from "./store-image.ts";
import { parseLocation } from "./transport/location.ts";

export interface PullOptions extends RegistryOptions {
  /** Undefined: this machine's. */
  readonly platform?: Platform | undefined;
  readonly onEvent?: ((event: PullEvent) => void) | undefined;
}

/** What happens during a pull, for whoever shows it. */
export type PullEvent =
  /** How a short name was resolved, as a sentence. */
  { readonly type: "resolved"; readonly text: string } | { readonly type: "trying"; readonly name: string } | CopyEvent;

/**
 * Pulls an image by name. Layers that are stored already are not downloaded; a second pull of the same image at the same time
 * waits for the first. Success means that the image is stored durably, verified, and has the name. Whatever ends a pull early
 * leaves nothing but temporary files, which are collected as garbage.
 * @throws {DhowError} `not-found`, `permission-denied`, `unavailable`, `corrupt`, `unsupported`, `invalid-argument`.
 */
export async function pullImage(engine: Engine, name: string, options: PullOptions): Promise<ImageRecord> {
  const config = loadRegistriesConfig();
  const { candidates, description } = resolve(engine, config, name);
  if (description !== undefined) options.onEvent?.({ type: "resolved", text: description });
  const failures: DhowError[] = [];
  for (const candidate of candidates) {
    try {
      const image = await pullReference(engine, config, withDefaultTag(candidate), options);
      recordImageEvent(engine, image, "pull", name);
      return image;
    } catch (error) {
      if (!(error instanceof DhowError)) throw error;
      failures.push(error);
    }
  }
  const failure = summarize(failures);
  engine.events.append({ type: "image", status: "pull-error", id: "", name, error: describeCauses(failure) });
  throw failure;
}

/** Pulls every tag of a repository. */
export async function pullAllTags(engine: Engine, name: string, options: PullOptions): Promise<ImageRecord[]> {
  const config = loadRegistriesConfig();
  const [reference] = resolve(engine, config, name).candidates;
  if (reference === undefined || reference.tag !== undefined || reference.digest !== undefined) {
    throw new DhowError("tag can't be used with --all-tags/-a", { kind: "invalid-argument" });
  }
  const client = await connectTo(config, reference, options);
  const tags = await client.listTags(reference).finally(() => client.close());
  const images: ImageRecord[] = [];
  for (const tag of tags) images.push(await pullReference(engine, config, { ...reference, tag }, options));
  return images;
}

/**
 * The digest that a name stands for in its registry now; of the index, if there is one.
 * @throws {DhowError} As {@link pullImage}.
 */
export async function findRemoteDigest(
  engine: Engine,
  name: string,
  options: PullOptions,
): Promise<Digest | undefined> {
  const config = loadRegistriesConfig();
  const [candidate] = resolve(engine, config, name).candidates;
  if (candidate === undefined) return undefined;
  const reference = withDefaultTag(candidate);
  const client = await connectTo(config, reference, options);
  return client.findDigest(reference).finally(() => client.close());
}

function resolve(engine: Engine, config: RegistriesConfig, name: string) {
  const location = parseLocation(name);
  if (location?.transport === "docker") return { candidates: [location.reference], description: undefined };
  if (location !== undefined) {
    throw new DhowError(`pulling all tags is not supported for ${location.transport} transport`, {
      kind: "invalid-argument",
    });
  }
  const resolved = resolveName(config, name);
  // A short name means the image that it meant when it was pulled, whatever is configured now.
  const known = engine.images.findName(name);
  if (known === undefined || known.startsWith("localhost/")) return resolved;
  return { candidates: [parseReference(known)], description: undefined };
}

async function pullReference(
  engine: Engine,
  config: RegistriesConfig,
  wanted: Reference,
  options: PullOptions,
): Promise<ImageRecord> {
  const platform = options.platform ?? hostPlatform();
  // Where both are given the digest alone counts, as with Docker and Podman.
  const reference = wanted.digest === undefined ? wanted : { ...wanted, tag: undefined };
  options.onEvent?.({ type: "trying", name: formatReference(reference) });
  const retry = announced(engine, options.retry, reference);
  await using image = await openRegistryImage(config, reference, { ...options, retry, platform });
  await requireAcceptedImage(engine, image, reference);
  const repository = repositoryName(reference);
  return await storeImage(engine, image, {
    names: reference.tag === undefined ? [] : [formatReference(reference)],
    repositories: [repository],
    expectedPlatform: platform,
    onEvent: options.onEvent,
  });
}

/** Whoever waits for a registry that is not there yet is told so, in podman's words. */
function announced(engine: Engine, retry: RetryPolicy, reference: Reference): RetryPolicy {
  const doing = `initializing source docker://${formatReference(reference)}`;
  return {
    ...retry,
    onRefused({ error, delayMs, attempt }) {
      const count = `(${attempt}/${retry.retries})`;
      engine.warn(`Failed, retrying in ${delayMs / 1000}s ... ${count}. Error: ${doing}: ${error.message}`);
    },
  };
}

function summarize(failures: readonly DhowError[]): DhowError {
  const [first, ...others] = failures;
  if (first && others.length === 0) return first;
  return new DhowError(
    `${failures.length} errors occurred while pulling:\n${failures.map((failure) => ` * ${describeCauses(failure)}`).join("\n")}`,
    { kind: failures.at(-1)?.kind ?? "not-found" },
  );
}
