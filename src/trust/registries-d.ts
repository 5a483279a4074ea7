import { readdirSync, readFileSync } from "node:fs";
import { DhowError, errnoOf } from "../errors.ts";
import type { Reference } from "../oci/reference.ts";
import { homeDirectory } from "../system/environment.ts";
import { registryScopes } from "./scopes.ts";

/**
 * Where the signatures of a registry's images are: containers' registries.d, all files merged.
 * @see https://github.com/containers/image/blob/main/docs/containers-registries.d.5.md
 */
export interface SignatureStores {
  readonly default: SignatureStore | undefined;
  /** By scope: `registry`, `registry/namespace`, `registry/repository:tag`. */
  readonly scopes: ReadonlyMap<string, SignatureStore>;
}

export interface SignatureStore {
  /** URL under which GPG signatures lie. */
  readonly lookaside: string | undefined;
  /** Where they are written, if that is not the same. */
  readonly lookasideStaging: string | undefined;
  /** Whether sigstore signatures lie beside the image in its registry. */
  readonly useSigstoreAttachments: boolean;
}

/** The folder that is in use: the user's own takes the place of the system's. */
export function signatureStoresFolder(): string {
  const home = homeDirectory();
  const own = home === undefined ? undefined : `${home}/.config/containers/registries.d`;
  return own !== undefined && listFolder(own) !== undefined ? own : "/etc/containers/registries.d";
}

/**
 * Reads the folder. Without one, nothing is configured.
 * @throws {DhowError} `invalid-argument` for a mistake in a file.
 */
export async function loadSignatureStores(folder = signatureStoresFolder()): Promise<SignatureStores> {
  const merged: Merged = { default: undefined, scopes: new Map(), origins: new Map() };
  for (const name of (listFolder(folder) ?? []).toSorted()) {
    if (name.endsWith(".yaml")) await mergeFile(merged, `${folder}/${name}`);
  }
  return merged;
}

/** What is configured for an image: the narrowest section alone. */
export function findSignatureStore(stores: SignatureStores, reference: Reference): SignatureStore | undefined {
  return findScope(stores, registryScopes(reference));
}

/** As {@link findSignatureStore}, for a scope of a policy; "" is the default. */
export function findStoreOfScope(stores: SignatureStores, scope: string): SignatureStore | undefined {
  const parts = scope.split("/");
  return findScope(
    stores,
    parts.map((_, dropped) => parts.slice(0, parts.length - dropped).join("/")),
  );
}

function findScope(stores: SignatureStores, scopes: readonly string[]): SignatureStore | undefined {
  const found = scopes.find((scope) => stores.scopes.has(scope));
  return found === undefined ? stores.default : stores.scopes.get(found);
}

interface Merged extends SignatureStores {
  default: SignatureStore | undefined;
  readonly scopes: Map<string, SignatureStore>;
  /** Which file has defined what. */
  readonly origins: Map<string, string>;
}

async function mergeFile(merged: Merged, path: string): Promise<void> {
  const { parse } = await import("yaml");
  let document: unknown;
  try {
    document = parse(readFileSync(path, "utf8"), { schema: "core", maxAliasCount: 100 });
  } catch (cause) {
    throw mistake(path, "it cannot be read", cause);
  }
  const sections = requireTable(document ?? {}, path, "the file");
  const claim = (name: string) => {
    const other = merged.origins.get(name);
    if (other !== undefined) throw mistake(path, `${name} is defined in ${other}, too`);
    merged.origins.set(name, path);
  };
  for (const [key, value] of Object.entries(sections)) {
    if (key === "default-docker") {
      claim("default-docker");
      merged.default = parseStore(value, path, key);
    } else if (key === "docker") {
      for (const [scope, section] of Object.entries(requireTable(value ?? {}, path, key))) {
        claim(`docker ${JSON.stringify(scope)}`);
        merged.scopes.set(scope, parseStore(section, path, scope));
      }
    } else throw mistake(path, `unknown key ${JSON.stringify(key)}`);
  }
}

/** `sigstore` is what `lookaside` was called once. */
function parseStore(value: unknown, path: string, section: string): SignatureStore {
  const table = requireTable(value ?? {}, path, section);
  const lookaside = table.lookaside ?? table.sigstore;
  const staging = table["lookaside-staging"] ?? table["sigstore-staging"];
  const attachments = table["use-sigstore-attachments"] ?? false;
  if (lookaside !== undefined && typeof lookaside !== "string")
    throw mistake(path, `lookaside of ${section} is not text`);
  if (staging !== undefined && typeof staging !== "string")
    throw mistake(path, `lookaside-staging of ${section} is not text`);
  if (typeof attachments !== "boolean")
    throw mistake(path, `use-sigstore-attachments of ${section} is neither true nor false`);
  return { lookaside, lookasideStaging: staging, useSigstoreAttachments: attachments };
}

function requireTable(value: unknown, path: string, what: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw mistake(path, `${what} is not a mapping`);
}

function listFolder(folder: string): string[] | undefined {
  try {
    return readdirSync(folder);
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new DhowError(`cannot read the folder ${folder}`, { kind: "permission-denied", cause });
  }
}

function mistake(path: string, reason: string, cause?: unknown): DhowError {
  return new DhowError(`the signature configuration ${path} has a mistake: ${reason}`, {
    kind: "invalid-argument",
    cause,
  });
}
