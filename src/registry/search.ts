import { DhowError } from "../errors.ts";
import { defaultRegistry } from "../oci/reference.ts";
import { loadCertificates } from "./certificates.ts";
import { responseError } from "./response-error.ts";
import { openSession, type RegistrySettings, requestSignedIn } from "./session.ts";
import { openTransport, type TransportResponse } from "./transport.ts";

/** What a registry says of a repository. */
export interface FoundRepository {
  /** Without the registry. */
  readonly name: string;
  readonly description: string;
  readonly stars: number;
  readonly isOfficial: boolean;
  readonly isAutomated: boolean;
}

/** Docker Hub answers searches at an address of its own. */
const searchHosts: Readonly<Record<string, string>> = { [defaultRegistry]: "index.docker.io" };
const pageLimit = 8 << 20;
/** More pages of a catalogue are not looked through. */
const longestCatalogue = 1000;

/**
 * Searches a registry: by its search, as Docker Hub has one, else in its catalogue of all repositories.
 * @param term What to look for; "" for everything.
 * @throws {DhowError} `unavailable` with podman's "couldn't search registry ..." if it has neither.
 */
export async function searchRegistry(
  registry: string,
  query: { readonly term: string; readonly limit: number },
  settings: RegistrySettings,
): Promise<FoundRepository[]> {
  // Docker Hub does not find library/alpine by that name.
  const term = registry === defaultRegistry ? query.term.replace(/^library\//, "") : query.term;
  const found = term === "" ? undefined : await searchByIndex(registry, { ...query, term }, settings);
  if (found) return found;
  try {
    return await searchCatalogue(registry, { ...query, term }, settings);
  } catch (cause) {
    if (!(cause instanceof DhowError)) throw cause;
    throw new DhowError(`couldn't search registry ${JSON.stringify(registry)}`, { kind: cause.kind, cause });
  }
}

/** @returns Undefined if the registry knows no such thing. */
async function searchByIndex(
  registry: string,
  { term, limit }: { readonly term: string; readonly limit: number },
  { insecure, certDir, retry, idleTimeoutMs }: RegistrySettings,
): Promise<FoundRepository[] | undefined> {
  const host = searchHosts[registry] ?? registry;
  const certificates = loadCertificates(registry, certDir);
  const transport = openTransport({ host, insecure, certificates, retry: { ...retry, retries: 0 }, idleTimeoutMs });
  try {
    for (const scheme of insecure ? ["https", "http"] : ["https"]) {
      const url = URL.parse(`${scheme}://${host}/v1/search`);
      if (!url) return undefined;
      url.searchParams.set("q", term);
      url.searchParams.set("n", String(limit));
      const response = await transport.request(url, { retry: false }).catch(ignoreFailure);
      if (response === undefined) continue;
      if (response.status === 200) return parseResults(await readJson(response, registry));
      await response.discard();
      return undefined;
    }
    return undefined;
  } finally {
    await transport.close();
  }
}

function ignoreFailure(error: unknown): undefined {
  if (error instanceof DhowError) return undefined;
  throw error;
}

function parseResults(document: Record<string, unknown>): FoundRepository[] {
  const results = Array.isArray(document.results) ? (document.results as unknown[]) : [];
  return results.flatMap((value) => {
    const result = (value ?? {}) as Record<string, unknown>;
    if (typeof result.name !== "string") return [];
    return {
      name: result.name,
      description: typeof result.description === "string" ? result.description : "",
      stars: typeof result.star_count === "number" ? result.star_count : 0,
      isOfficial: result.is_official === true,
      isAutomated: result.is_automated === true,
    };
  });
}

async function searchCatalogue(
  registry: string,
  { term, limit }: { readonly term: string; readonly limit: number },
  settings: RegistrySettings,
): Promise<FoundRepository[]> {
  const session = await openSession(registry, settings);
  const found: FoundRepository[] = [];
  try {
    let next: string | undefined = "/v2/_catalog";
    for (let page = 0; next !== undefined && found.length < limit && page < longestCatalogue; page++) {
      const response: TransportResponse = await requestSignedIn(session, next, "registry:catalog:*", {});
      if (response.status !== 200) throw await responseError(response, "reading the catalogue");
      const link = response.header("link")?.match(/<([^>]*)>/)?.[1];
      const { repositories } = await readJson(response, registry);
      const names = Array.isArray(repositories) ? repositories.filter((name) => typeof name === "string") : [];
      addMatches(found, names, { term, limit });
      const url = link === undefined ? null : URL.parse(link, session.base.href);
      next = url?.origin === session.base.origin && names.length > 0 ? url.pathname + url.search : undefined;
    }
    return found;
  } finally {
    await session.transport.close();
  }
}

function addMatches(
  found: FoundRepository[],
  names: readonly string[],
  { term, limit }: { readonly term: string; readonly limit: number },
): void {
  for (const name of names.filter((each) => each.includes(term)).slice(0, limit - found.length)) {
    const repository = { name, description: "", stars: 0, isOfficial: false, isAutomated: false };
    // Who writes the whole name wants that one first.
    if (name === term) found.unshift(repository);
    else found.push(repository);
  }
}

async function readJson(response: TransportResponse, registry: string): Promise<Record<string, unknown>> {
  const text = (await response.bytes(pageLimit)).toString("utf8");
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document === "object" && document !== null) return document as Record<string, unknown>;
  } catch {
    // The same sentence fits.
  }
  throw new DhowError(`the answer of ${registry} is not valid`, { kind: "corrupt" });
}
