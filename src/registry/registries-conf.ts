import { readdirSync, readFileSync } from "node:fs";
import { parse, TomlError } from "smol-toml";
import { DhowError, errnoOf } from "../errors.ts";
import { getVariable, homeDirectory } from "../system/environment.ts";

/**
 * What containers' registries.conf says, all files merged.
 * @see https://github.com/containers/image/blob/main/docs/containers-registries.conf.5.md
 */
export interface RegistriesConfig {
  /** Registries that short names are looked for in, in this order, and the file that says so. */
  readonly search: { readonly registries: readonly string[]; readonly origin: string };
  readonly aliases: ReadonlyMap<string, ShortNameAlias>;
  readonly registries: readonly RegistryEntry[];
  readonly shortNameMode: "enforcing" | "permissive" | "disabled";
  /** Where logins are kept, first one first: names of credential helpers, or {@link authFileStore}. */
  readonly credentialHelpers: readonly string[];
}

/** Stands for the files of containers-auth.json(5) among the credential helpers. */
export const authFileStore = "containers-auth.json";

export interface ShortNameAlias {
  /** A qualified name without tag. */
  readonly name: string;
  readonly origin: string;
}

export interface RegistryEntry extends Endpoint {
  /** Names that begin with it belong to this entry; `*.example.com` stands for all subdomains. */
  readonly prefix: string;
  readonly blocked: boolean;
  readonly mirrors: readonly (Endpoint & { readonly pullFromMirror: "all" | "digest-only" | "tag-only" })[];
  readonly origin: string;
}

export interface Endpoint {
  /** What takes the place of the prefix; "" leaves the name as it is. */
  readonly location: string;
  readonly insecure: boolean;
}

/** Where the configuration is read from, in this order: later files win. */
export interface RegistriesPaths {
  readonly files: readonly string[];
  /** Folders of `*.conf` files. */
  readonly folders: readonly string[];
  /** Aliases that Podman remembered from earlier choices. */
  readonly aliasCache?: string;
}

interface Merged {
  search: { registries: readonly string[]; origin: string };
  readonly aliases: Map<string, ShortNameAlias>;
  readonly registries: Map<string, RegistryEntry>;
  shortNameMode: RegistriesConfig["shortNameMode"];
  credentialHelpers: readonly string[];
}

type Table = Readonly<Record<string, unknown>>;

/**
 * Reads all files. Without any, nothing is configured.
 * @throws {DhowError} `invalid-argument` for a mistake in a file, naming it.
 */
export function loadRegistriesConfig(paths: RegistriesPaths = defaultPaths()): RegistriesConfig {
  const merged: Merged = {
    search: { registries: [], origin: "" },
    aliases: new Map(),
    registries: new Map(),
    shortNameMode: "permissive",
    credentialHelpers: [authFileStore],
  };
  for (const path of [...paths.files, ...paths.folders.flatMap(configFilesIn)]) {
    const text = readIfPresent(path);
    if (text !== undefined) mergeFile(merged, parseToml(path, text), path);
  }
  const cache = paths.aliasCache === undefined ? undefined : readIfPresent(paths.aliasCache);
  if (cache !== undefined && paths.aliasCache !== undefined)
    mergeAliases(merged, parseToml(paths.aliasCache, cache), paths.aliasCache);
  return { ...merged, registries: [...merged.registries.values()] };
}

function defaultPaths(): RegistriesPaths {
  const home = homeDirectory();
  const config = getVariable("XDG_CONFIG_HOME") ?? (home === undefined ? undefined : `${home}/.config`);
  const cache = getVariable("XDG_CACHE_HOME") ?? (home === undefined ? undefined : `${home}/.cache`);
  const named = getVariable("CONTAINERS_REGISTRIES_CONF");
  const own = config === undefined ? undefined : `${config}/containers/registries.conf`;
  // The user's own file takes the place of the system's; the folders add to it.
  const main =
    named ?? (own !== undefined && readIfPresent(own) !== undefined ? own : "/etc/containers/registries.conf");
  return {
    files: [main],
    folders: ["/etc/containers/registries.conf.d", ...(own === undefined ? [] : [`${own}.d`])],
    ...(cache === undefined ? {} : { aliasCache: `${cache}/containers/short-name-aliases.conf` }),
  };
}

function configFilesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".conf"))
      .toSorted()
      .map((name) => `${folder}/${name}`);
  } catch {
    return [];
  }
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new DhowError(`cannot read the registries configuration ${path}`, { kind: "permission-denied", cause });
  }
}

function parseToml(path: string, text: string): Table {
  try {
    return parse(text);
  } catch (cause) {
    const where = cause instanceof TomlError ? ` at line ${cause.line}` : "";
    throw new DhowError(`the registries configuration ${path} is not valid TOML${where}`, {
      kind: "invalid-argument",
      cause,
    });
  }
}

function mergeFile(merged: Merged, table: Table, path: string): void {
  if (table.registries !== undefined) {
    throw mistake(
      path,
      "it is written in the old format, version 1",
      "see 'man containers-registries.conf' for the format in use since 2019",
    );
  }
  const search = table["unqualified-search-registries"];
  if (search !== undefined) {
    if (!isTextList(search)) throw mistake(path, "unqualified-search-registries is not a list of names");
    merged.search = { registries: search, origin: path };
  }
  const mode = table["short-name-mode"];
  if (mode !== undefined && mode !== "") {
    if (mode !== "enforcing" && mode !== "permissive" && mode !== "disabled") {
      throw mistake(path, `short-name-mode is ${JSON.stringify(mode)}, not enforcing, permissive or disabled`);
    }
    merged.shortNameMode = mode;
  }
  const helpers = table["credential-helpers"] ?? [];
  if (!isTextList(helpers)) throw mistake(path, "credential-helpers is not a list of names");
  if (helpers.length > 0) merged.credentialHelpers = helpers;
  mergeAliases(merged, table, path);
  const registries = table.registry ?? [];
  if (!Array.isArray(registries)) throw mistake(path, "registry is not a list: write [[registry]]");
  for (const value of registries as unknown[]) {
    const entry = parseEntry(value, path);
    merged.registries.set(entry.prefix, entry);
  }
}

function mergeAliases(merged: Merged, table: Table, path: string): void {
  const aliases = table.aliases ?? {};
  if (!isTable(aliases)) throw mistake(path, "aliases is not a table");
  for (const [alias, name] of Object.entries(aliases)) {
    if (typeof name !== "string") throw mistake(path, `the alias ${JSON.stringify(alias)} is not text`);
    // An empty name takes back the alias of an earlier file.
    if (name === "") merged.aliases.delete(alias);
    else merged.aliases.set(alias, { name, origin: path });
  }
}

function parseEntry(value: unknown, path: string): RegistryEntry {
  if (!isTable(value)) throw mistake(path, "registry is not a table");
  const endpoint = parseEndpoint(value, path);
  const prefix = parseLocation(value.prefix, path) || endpoint.location;
  if (prefix === "") throw mistake(path, "a registry has neither prefix nor location");
  const isWildcard = prefix.startsWith("*.");
  if (prefix.includes("*") && (!isWildcard || /[*/@:]/.test(prefix.slice(2)))) {
    throw mistake(path, `the wildcard prefix ${JSON.stringify(prefix)} is not of the form *.example.com`);
  }
  if (!isWildcard && endpoint.location === "")
    throw mistake(path, `the registry ${JSON.stringify(prefix)} has no location`);
  const digestOnly = isTrue(value, "mirror-by-digest-only", path);
  const mirrors = value.mirror ?? [];
  if (!Array.isArray(mirrors)) throw mistake(path, "mirror is not a list: write [[registry.mirror]]");
  return {
    ...endpoint,
    prefix,
    blocked: isTrue(value, "blocked", path),
    mirrors: (mirrors as unknown[]).map((mirror) => parseMirror(mirror, digestOnly, path)),
    origin: path,
  };
}

function parseMirror(value: unknown, digestOnly: boolean, path: string): RegistryEntry["mirrors"][number] {
  if (!isTable(value)) throw mistake(path, "mirror is not a table");
  const endpoint = parseEndpoint(value, path);
  if (endpoint.location === "") throw mistake(path, "a mirror has no location");
  const restriction = value["pull-from-mirror"] || "all";
  if (restriction !== "all" && restriction !== "digest-only" && restriction !== "tag-only") {
    throw mistake(path, `pull-from-mirror is ${JSON.stringify(restriction)}, not all, digest-only or tag-only`);
  }
  return { ...endpoint, pullFromMirror: digestOnly ? "digest-only" : restriction };
}

function parseEndpoint(table: Table, path: string): Endpoint {
  return { location: parseLocation(table.location, path), insecure: isTrue(table, "insecure", path) };
}

function parseLocation(value: unknown, path: string): string {
  if (value === undefined) return "";
  if (typeof value !== "string") throw mistake(path, "a location or prefix is not text");
  if (/^https?:\/\//.test(value))
    throw mistake(path, `invalid location ${JSON.stringify(value)}: URI schemes are not supported`);
  return value.replace(/\/+$/, "");
}

function isTrue(table: Table, field: string, path: string): boolean {
  const value = table[field] ?? false;
  if (typeof value !== "boolean") throw mistake(path, `${field} is neither true nor false`);
  return value;
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function mistake(path: string, reason: string, hint?: string): DhowError {
  return new DhowError(`the registries configuration ${path} has a mistake: ${reason}`, {
    kind: "invalid-argument",
    ...(hint === undefined ? {} : { hint }),
  });
}
