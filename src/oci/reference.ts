import { DhowError } from "../errors.ts";
import { type Digest, isDigest } from "./digest.ts";

/** The registry that names without a registry stand for. */
export const defaultRegistry = "docker.io";
const defaultNamespace = "library";
const defaultTag = "latest";

/** Longest repository path that the grammar allows. */
const longestPath = 255;
/** Longer than any valid name, tag and digest together: text beyond that is refused before any pattern sees it. */
const longestReference = 1024;

/** A fully qualified reference: `registry/repository[:tag][@digest]`. Made by {@link parseReference}. */
export interface Reference {
  /** Host with an optional port: `docker.io`, `localhost:5000`, `[::1]:5000`. */
  readonly registry: string;
  /** Path in the registry: `library/alpine`. */
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
}

/** A reference as the user wrote it: the registry is undefined for short names. */
export type WrittenReference = Omit<Reference, "registry"> & { readonly registry: string | undefined };

const pathComponent = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const pathGrammar = new RegExp(`^${pathComponent}(?:/${pathComponent})*$`);
const hostGrammar =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?$/;
const tagGrammar = /^\w[\w.-]{0,127}$/;
const digestGrammar = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;
const idGrammar = /^[0-9a-f]{64}$/;

/**
 * Parses a name as Docker does: no registry means docker.io, one component there means library/. No tag is made up.
 * @throws {DhowError} `invalid-argument` with podman's wording.
 * @see https://github.com/distribution/reference
 */
export function parseReference(text: string): Reference {
  const written = parseWrittenReference(text);
  return qualify(written, written.registry ?? defaultRegistry);
}

/**
 * Parses a name without making up a registry, for short-name resolution.
 * @throws {DhowError} `invalid-argument`.
 */
export function parseWrittenReference(text: string): WrittenReference {
  if (text === "") throw invalid(text, "repository name must have at least one component");
  if (text.length > longestReference) throw invalid(text, "repository name must not be more than 255 characters");
  const { name, tag, digest } = splitReference(text);
  if (idGrammar.test(name)) {
    throw invalid(text, `invalid repository name (${name}), cannot specify 64-byte hexadecimal strings`);
  }
  const { registry, repository } = splitRegistry(name);
  checkRepository(text, repository);
  if (registry !== undefined && !hostGrammar.test(registry)) throw invalid(text);
  if (tag !== undefined && !tagGrammar.test(tag)) throw invalid(text);
  return { registry, repository, tag, digest: digest === undefined ? undefined : checkDigest(text, digest) };
}

/** Puts a written reference into a registry, with docker.io's spelling normalised. */
export function qualify(written: WrittenReference, registry: string): Reference {
  const host = registry === `index.${defaultRegistry}` ? defaultRegistry : registry;
  const official = host === defaultRegistry && !written.repository.includes("/");
  return {
    ...written,
    registry: host,
    repository: official ? `${defaultNamespace}/${written.repository}` : written.repository,
  };
}

/** Whether a name leaves the registry open, as `alpine` and `grafana/grafana` do. */
export function isShortName(text: string): boolean {
  return splitRegistry(splitReference(text).name).registry === undefined;
}

/**
 * The canonical text of a name, with the tag `latest` if it has neither tag nor digest: `docker.io/library/alpine:latest`.
 * @throws {DhowError} `invalid-argument`.
 */
export function normalizeReference(text: string): string {
  return formatReference(withDefaultTag(parseReference(text)));
}

/** The reference with the tag `latest` if it has neither tag nor digest. */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: defaultTag } : reference;
}

/** `registry/repository[:tag][@digest]`. */
export function formatReference(reference: Reference): string {
  return repositoryName(reference) + suffixOf(reference);
}

/** `registry/repository`, without tag and digest. */
export function repositoryName({ registry, repository }: Reference): string {
  return `${registry}/${repository}`;
}

/** The shortest text that stands for the same reference, as Docker shows it: `alpine:latest`, `quay.io/a/b:1`. */
export function familiarName(reference: Reference): string {
  return familiarRepository(reference) + suffixOf(reference);
}

/** The shortest text for the repository: `alpine`, `grafana/grafana`, `quay.io/a/b`. */
export function familiarRepository(reference: Reference): string {
  if (reference.registry !== defaultRegistry) return repositoryName(reference);
  const official = `${defaultNamespace}/`;
  const rest = reference.repository.slice(official.length);
  if (!reference.repository.startsWith(official) || rest.includes("/") || idGrammar.test(rest))
    return hostless(reference);
  return rest;
}

/** `docker.io/a.b/c` cannot lose its registry: `a.b` would be read as one. */
function hostless(reference: Reference): string {
  const { registry, repository } = splitRegistry(reference.repository);
  return registry === undefined && repository === reference.repository ? repository : repositoryName(reference);
}

function suffixOf({ tag, digest }: Reference): string {
  return (tag === undefined ? "" : `:${tag}`) + (digest === undefined ? "" : `@${digest}`);
}

function splitReference(text: string): { name: string; tag: string | undefined; digest: string | undefined } {
  const at = text.indexOf("@");
  const [rest, digest] = at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
  const colon = rest.lastIndexOf(":");
  // A colon before the last slash belongs to the port.
  if (colon < 0 || colon < rest.lastIndexOf("/")) return { name: rest, tag: undefined, digest };
  return { name: rest.slice(0, colon), tag: rest.slice(colon + 1), digest };
}

function splitRegistry(name: string): { registry: string | undefined; repository: string } {
  const slash = name.indexOf("/");
  const first = name.slice(0, Math.max(slash, 0));
  const isHost = /[.:]/.test(first) || first === "localhost";
  return isHost ? { registry: first, repository: name.slice(slash + 1) } : { registry: undefined, repository: name };
}

function checkRepository(text: string, repository: string): void {
  if (!pathGrammar.test(repository)) {
    const lowerCase = repository.toLowerCase();
    throw invalid(text, pathGrammar.test(lowerCase) ? "repository name must be lowercase" : undefined);
  }
  if (repository.length > longestPath) throw invalid(text, "repository name must not be more than 255 characters");
}

function checkDigest(text: string, digest: string): Digest {
  if (isDigest(digest)) return digest;
  if (!digestGrammar.test(digest)) throw invalid(text);
  const algorithm = digest.slice(0, digest.indexOf(":"));
  throw invalid(
    text,
    algorithm === "sha256" ? "invalid checksum digest length" : `unsupported digest algorithm ${algorithm}`,
  );
}

function invalid(text: string, reason = "invalid reference format"): DhowError {
  const shown = text.length > 200 ? `${text.slice(0, 200)}...` : text;
  return new DhowError(`parsing reference ${JSON.stringify(shown)}: ${reason}`, { kind: "invalid-argument" });
}
