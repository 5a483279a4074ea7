import { DhowError } from "../errors.ts";
import {
  canonicalRegistry,
  findInFiles,
  readHelper,
  removeAllFromFiles,
  removeFromFiles,
  storeInFile,
} from "./auth-file-logins.ts";
import {
  eraseFromHelper,
  getFromHelper,
  hasCredentialHelper,
  listInHelper,
  storeInHelper,
} from "./credential-helper.ts";
import { authFileStore, loadRegistriesConfig } from "./registries-conf.ts";

/** How to sign in to a registry. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** A refresh token that takes the place of name and password. */
  readonly identityToken?: string;
}

/** Which files to use. Without any: those of the environment, else the usual places. */
export interface AuthFileChoice {
  /** --authfile */
  readonly authFile?: string | undefined;
  /** --compat-auth-file: a file in Docker's format. */
  readonly compatAuthFile?: string | undefined;
}

/**
 * Looks for the login of a repository (`host/path`) or registry (`host`): the longest key that fits wins, in the first file
 * that has one. Where registries.conf names `credential-helpers`, they are asked in its order.
 * @throws {DhowError} `corrupt` for a damaged file, `unavailable` for a credential helper that fails, `not-found` for a missing --authfile.
 */
export async function findCredentials(name: string, choice: AuthFileChoice = {}): Promise<Credentials | undefined> {
  for (const store of credentialStores()) {
    const found =
      store === authFileStore
        ? await findInFiles(name, choice)
        : await readHelper({ name: store, server: canonicalRegistry(registryOf(name)) });
    if (found) return found;
  }
  return undefined;
}

/**
 * Stores a login in the first place that takes it.
 * @returns Where it is now, for people to read.
 */
export async function storeCredentials(
  key: string,
  credentials: Credentials,
  choice: AuthFileChoice = {},
): Promise<string> {
  const stores = credentialStores();
  const store = stores.find((each) => each === authFileStore || !isNamespaced(key));
  if (store === undefined) {
    throw new DhowError(
      `namespaced key is not supported for credential helper ${stores.join(", ")}: ${JSON.stringify(key)}`,
      {
        kind: "unsupported",
        hint: `add "${authFileStore}" to credential-helpers in registries.conf, or sign in to the whole registry`,
      },
    );
  }
  if (store === authFileStore) return storeInFile(key, credentials, choice);
  const { username, password: secret } = credentials;
  await storeInHelper(store, key, { username, secret });
  return `credential helper docker-credential-${store}`;
}

/** Removes a login from every place it is stored in. @returns Whether there was one. */
export async function removeCredentials(key: string, choice: AuthFileChoice = {}): Promise<boolean> {
  let isRemoved = false;
  for (const store of credentialStores()) {
    if (store === authFileStore) {
      isRemoved = (await removeFromFiles(key, choice)) || isRemoved;
    } else if (!isNamespaced(key) && (await getFromHelper(store, key))) {
      await eraseFromHelper(store, key);
      isRemoved = true;
    }
  }
  return isRemoved;
}

/** Removes all logins, those in credential helpers included. */
export async function removeAllCredentials(choice: AuthFileChoice = {}): Promise<void> {
  for (const store of credentialStores()) {
    if (store === authFileStore) await removeAllFromFiles(choice);
    // As Podman does it: what is not installed holds nothing.
    else if (hasCredentialHelper(store))
      for (const server of await listInHelper(store)) await eraseFromHelper(store, server);
  }
}

function credentialStores(): readonly string[] {
  return loadRegistriesConfig().credentialHelpers;
}

function isNamespaced(key: string): boolean {
  return key.includes("/");
}

function registryOf(name: string): string {
  return name.split("/", 1)[0] ?? "";
}
