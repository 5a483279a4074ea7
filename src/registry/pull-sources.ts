import { DhowError } from "../errors.ts";
import {
  defaultRegistry,
  formatReference,
  parseReference,
  parseWrittenReference,
  qualify,
  type Reference,
  repositoryName,
  type WrittenReference,
} from "../oci/reference.ts";
import type { RegistriesConfig, RegistryEntry } from "./registries-conf.ts";

/** A place that an image may be pulled from. */
export interface PullSource {
  /** Where it really is, after mirrors and rewritten locations. */
  readonly reference: Reference;
  /** Whether plain http and certificates that cannot be checked are allowed there. */
  readonly insecure: boolean;
  /** A mirror of what was asked for; failures of mirrors are told only if nothing else works. */
  readonly isMirror: boolean;
}

export interface ResolvedName {
  /** What the name may stand for, to be tried in this order. */
  readonly candidates: readonly Reference[];
  /** Where that comes from, in podman's words; undefined if the name said it all or nothing is configured. */
  readonly description: string | undefined;
}

/**
 * Resolves a name as the user wrote it. Short names go by alias, else to the search registries, else to docker.io.
 * @throws {DhowError} `invalid-argument` for an invalid name, `conflict` if short-name-mode asks for a choice.
 */
export function resolveName(config: RegistriesConfig, text: string): ResolvedName {
  const written = parseWrittenReference(text);
  if (written.registry !== undefined) return { candidates: [parseReference(text)], description: undefined };
  const alias = config.aliases.get(written.repository);
  if (alias) {
    const target = parseReference(alias.name);
    return {
      candidates: [{ ...target, tag: written.tag, digest: written.digest }],
      description: `Resolved ${JSON.stringify(written.repository)} as an alias (${alias.origin})`,
    };
  }
  const { registries, origin } = config.search;
  if (registries.length === 0) return { candidates: [qualify(written, defaultRegistry)], description: undefined };
  const candidates = registries.map((registry) => searchCandidate(registry, origin, written));
  if (registries.length > 1 && config.shortNameMode === "enforcing") {
    throw new DhowError(`short-name resolution enforced but cannot prompt without a TTY: ${JSON.stringify(text)}`, {
      kind: "conflict",
      hint: `write the full name: ${candidates.map(formatReference).join(" or ")}`,
    });
  }
  return {
    candidates,
    description: `Resolving ${JSON.stringify(written.repository)} using unqualified-search registries (${origin})`,
  };
}

/** Search registries may be whole paths: `registry.example/team`. @throws {DhowError} `invalid-argument`, naming the file. */
function searchCandidate(registry: string, origin: string, { repository, tag, digest }: WrittenReference): Reference {
  try {
    return { ...parseReference(`${registry}/${repository}`), tag, digest };
  } catch (cause) {
    throw new DhowError(`invalid unqualified-search registry ${JSON.stringify(registry)} in ${origin}`, {
      kind: "invalid-argument",
      cause,
    });
  }
}

/**
 * The places to pull a reference from: its mirrors, then itself.
 * @throws {DhowError} `permission-denied` if the registry is blocked.
 */
export function findPullSources(config: RegistriesConfig, reference: Reference): PullSource[] {
  const name = repositoryName(reference);
  const entry = findEntry(config, name);
  if (!entry) return [{ reference, insecure: false, isMirror: false }];
  if (entry.blocked) {
    throw new DhowError(`registry ${entry.prefix} is blocked in ${entry.origin}`, { kind: "permission-denied" });
  }
  const unwanted = reference.digest === undefined ? "digest-only" : "tag-only";
  const mirrors = entry.mirrors.filter(({ pullFromMirror }) => pullFromMirror !== unwanted);
  return [...mirrors, entry].map((endpoint) => ({
    reference: relocate(reference, entry.prefix, endpoint.location),
    insecure: endpoint.insecure,
    isMirror: endpoint !== entry,
  }));
}

/** Whether the configuration allows plain http for a registry itself, as `dhow login` needs to know. */
export function isInsecureRegistry(config: RegistriesConfig, host: string): boolean {
  return findEntry(config, host)?.insecure ?? false;
}

/** The entry with the longest prefix that the name has. */
function findEntry(config: RegistriesConfig, name: string): RegistryEntry | undefined {
  let best: RegistryEntry | undefined;
  for (const entry of config.registries) {
    if (matchedLength(name, entry.prefix) >= 0 && entry.prefix.length > (best?.prefix.length ?? 0)) best = entry;
  }
  return best;
}

/** How many characters of the name the prefix stands for; -1 for none. */
function matchedLength(name: string, prefix: string): number {
  if (prefix.startsWith("*.")) {
    const [host = ""] = name.split("/", 1);
    return host.replace(/:\d+$/, "").endsWith(prefix.slice(1)) ? host.length : -1;
  }
  const isWhole = name.length === prefix.length || name[prefix.length] === "/";
  return name.startsWith(prefix) && isWhole ? prefix.length : -1;
}

function relocate(reference: Reference, prefix: string, location: string): Reference {
  if (location === "") return reference;
  const name = repositoryName(reference);
  const { registry, repository } = parseReference(location + name.slice(matchedLength(name, prefix)));
  return { ...reference, registry, repository };
}
