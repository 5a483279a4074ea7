import { DhowError } from "../errors.ts";
import { parseReference, type Reference, repositoryName } from "../oci/reference.ts";
import { connectRegistry } from "../registry/client.ts";
import { findCredentials } from "../registry/credentials.ts";
import { isInsecureRegistry } from "../registry/pull-sources.ts";
import { loadRegistriesConfig, type RegistriesConfig } from "../registry/registries-conf.ts";
import { searchRegistry } from "../registry/search.ts";
import type { RegistryOptions } from "./registry-image.ts";

/** A line of `search`. */
export interface SearchRow {
  readonly index: string;
  readonly name: string;
  readonly description: string;
  readonly stars: number;
  readonly isOfficial: boolean;
  readonly isAutomated: boolean;
  readonly tag: string;
}

export interface SearchFilter {
  readonly stars: number;
  readonly isOfficial: boolean | undefined;
  readonly isAutomated: boolean | undefined;
}

export interface SearchOptions extends RegistryOptions {
  /** Undefined: 25 of each registry. */
  readonly limit: number | undefined;
  readonly filter: SearchFilter;
}

const defaultLimit = 25;

/**
 * Reads --filter values: `stars=3`, `is-official`, `is-automated=false`.
 * @throws {DhowError} `invalid-argument` in podman's words.
 */
export function parseSearchFilter(values: readonly string[]): SearchFilter {
  const filter: { -readonly [Name in keyof SearchFilter]: SearchFilter[Name] } = {
    stars: 0,
    isOfficial: undefined,
    isAutomated: undefined,
  };
  for (const text of values) {
    const [name = "", value] = text.split(/=(.*)/s, 2);
    switch (name) {
      case "stars":
        if (value === undefined || !/^\d+$/.test(value)) {
          throw invalid(`incorrect value type for stars filter: ${JSON.stringify(value ?? "")} is not a number`);
        }
        filter.stars = Number(value);
        break;
      case "is-automated":
        filter.isAutomated = value !== "false";
        break;
      case "is-official":
        filter.isOfficial = value !== "false";
        break;
      default:
        throw invalid(`invalid filter type ${JSON.stringify(text)}`);
    }
  }
  return filter;
}

/**
 * Searches the registry that the term names, else the search registries of registries.conf, else docker.io. Registries that
 * fail do not matter as long as another one has something.
 * @throws {DhowError} What the registries said, if nothing was found.
 */
export async function searchImages(term: string, options: SearchOptions): Promise<SearchRow[]> {
  const config = loadRegistriesConfig();
  const slash = term.indexOf("/");
  const configured = config.search.registries;
  const registries = slash >= 0 ? [term.slice(0, slash)] : configured.length > 0 ? configured : ["docker.io"];
  const wanted = slash >= 0 ? term.slice(slash + 1) : term;
  const results = await Promise.allSettled(
    registries.map((registry) => searchOne(registry, wanted, { config, options })),
  );
  const rows = results.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
  const failures = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
  const bug = failures.find((failure) => !(failure instanceof DhowError));
  if (bug !== undefined) throw bug;
  if (rows.length > 0 || failures.length === 0) return rows;
  throw failures.length === 1 ? failures[0] : new AggregateError(failures, "no registry could be searched");
}

interface SearchSettings {
  readonly config: RegistriesConfig;
  readonly options: SearchOptions;
}

async function searchOne(registry: string, term: string, { config, options }: SearchSettings): Promise<SearchRow[]> {
  const limit = options.limit || defaultLimit;
  const settings = await settingsFor(registry, registry, { config, options });
  const found = (await searchRegistry(registry, { term, limit }, settings)).slice(0, limit);
  const { stars, isOfficial, isAutomated } = options.filter;
  return found
    .filter((each) => each.stars >= stars)
    .filter((each) => isOfficial === undefined || each.isOfficial === isOfficial)
    .filter((each) => isAutomated === undefined || each.isAutomated === isAutomated)
    .map((each) => ({ ...each, index: registry, name: fullName(registry, each.name), tag: "" }));
}

/** Docker Hub leaves out the namespace of its own images. */
function fullName(registry: string, name: string): string {
  return registry === "docker.io" && !name.includes("/") ? `${registry}/library/${name}` : `${registry}/${name}`;
}

/**
 * Lists the tags of a repository, in the registry's order.
 * @throws {DhowError} `invalid-argument` for what is no name; as the registry said.
 */
export async function searchTags(name: string, options: SearchOptions): Promise<SearchRow[]> {
  const config = loadRegistriesConfig();
  const reference = parseRepository(name);
  const settings = await settingsFor(reference.registry, repositoryName(reference), { config, options });
  const client = await connectRegistry(reference.registry, settings);
  try {
    const tags = await client.listTags(reference);
    const row = { description: "", stars: 0, isOfficial: false, isAutomated: false };
    return tags
      .slice(0, options.limit || defaultLimit)
      .map((tag) => ({ ...row, index: reference.registry, name: repositoryName(reference), tag }));
  } catch (cause) {
    if (!(cause instanceof DhowError)) throw cause;
    throw new DhowError("getting repository tags", { kind: cause.kind, cause });
  } finally {
    await client.close();
  }
}

function parseRepository(name: string): Reference {
  try {
    return parseReference(name.replace(/^docker:\/\//, ""));
  } catch (cause) {
    if (!(cause instanceof DhowError)) throw cause;
    throw new DhowError(`reference ${JSON.stringify(name)} must be a docker reference`, { kind: cause.kind, cause });
  }
}

async function settingsFor(registry: string, name: string, { config, options }: SearchSettings) {
  const { tlsVerify, authFile, certDir, retry, credentials } = options;
  return {
    insecure: tlsVerify === undefined ? isInsecureRegistry(config, registry) : !tlsVerify,
    credentials: credentials ?? (await findCredentials(name, { authFile })),
    certDir,
    retry,
  };
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
