import { DhowError } from "../errors.ts";
import { doSilently, type ShowLongStep } from "../model/long-step.ts";
import { parseReference } from "../oci/reference.ts";
import { canonicalRegistry } from "../registry/auth-file-logins.ts";
import { checkLogin } from "../registry/client.ts";
import {
  type AuthFileChoice,
  type Credentials,
  findCredentials,
  removeAllCredentials,
  removeCredentials,
  storeCredentials,
} from "../registry/credentials.ts";
import { isInsecureRegistry } from "../registry/pull-sources.ts";
import { loadRegistriesConfig } from "../registry/registries-conf.ts";

export interface LoginOptions extends AuthFileChoice {
  /** Undefined: as registries.conf says. */
  readonly tlsVerify: boolean | undefined;
  readonly certDir: string | undefined;
  /** For the time in which the registry is asked. */
  readonly showLongStep?: ShowLongStep;
}

/** A registry or a part of it that one signs in to. */
export interface LoginTarget {
  /** What the credentials are stored under: `host[:port][/path]`. */
  readonly key: string;
  readonly registry: string;
}

/** Registries are asked once: whoever waits for a prompt wants an answer. */
const retry = { retries: 1, delayMs: 500 };

/**
 * Reads the operand of login and logout: a host, a host with a path, or a URL. Without one: the first search registry, else docker.io.
 * @throws {DhowError} `invalid-argument`.
 */
export function parseLoginTarget(text: string | undefined): LoginTarget {
  if (text === undefined) {
    const registry = loadRegistriesConfig().search.registries[0] ?? "docker.io";
    return { key: registry, registry };
  }
  const url = /^https?:\/\//.test(text) ? URL.parse(text) : undefined;
  const [host = "", ...path] = (url === undefined ? text : (url?.host ?? "")).split("/");
  const registry = canonicalRegistry(host);
  if (path.length === 0) {
    if (registry === "" || !/^[\w.:[\]-]+$/.test(registry)) throw invalidTarget(text);
    return { key: registry, registry };
  }
  const key = [registry, ...path].join("/");
  const { tag, digest } = parseReference(key);
  if (tag !== undefined || digest !== undefined) {
    throw new DhowError(`reference ${JSON.stringify(key)} contains tag or digest`, { kind: "invalid-argument" });
  }
  return { key, registry };
}

function invalidTarget(text: string): DhowError {
  return new DhowError(`invalid registry ${JSON.stringify(text)}`, {
    kind: "invalid-argument",
    hint: "a registry is written host[:port]",
  });
}

/**
 * Signs in: stores the credentials if the registry accepts them, and only then.
 * @returns Where they are stored, for people to read.
 * @throws {DhowError} `permission-denied` with podman's "logging into ...: invalid username/password".
 */
export async function login(
  { key, registry }: LoginTarget,
  credentials: Credentials,
  options: LoginOptions,
): Promise<string> {
  await tryCredentials({ key, registry }, credentials, options);
  return storeCredentials(key, credentials, options);
}

/** Whether the registry accepts the credentials. @throws {DhowError} As {@link login}. */
export async function tryCredentials(
  { key, registry }: LoginTarget,
  credentials: Credentials,
  { tlsVerify, certDir, showLongStep = doSilently }: LoginOptions,
): Promise<void> {
  const insecure = tlsVerify === undefined ? isInsecureRegistry(loadRegistriesConfig(), registry) : !tlsVerify;
  const check = () => checkLogin(registry, { insecure, credentials, certDir, retry });
  const refusal = await showLongStep(`Logging in to ${registry}`, check).catch((error) => asRefusal(key, error));
  if (refusal)
    throw new DhowError(`logging into ${JSON.stringify(key)}: invalid username/password`, { kind: refusal.kind });
}

/** Tells a refusal of the credentials from every other failure, which it throws. */
function asRefusal(key: string, error: unknown): DhowError {
  if (!(error instanceof DhowError)) throw error;
  if (error.kind === "permission-denied") return error;
  throw new DhowError(`authenticating creds for ${JSON.stringify(key)}`, { kind: error.kind, cause: error });
}

/** The stored login, if there is one. A file that does not exist yet holds none. */
export async function findLogin({ key }: LoginTarget, options: AuthFileChoice): ReturnType<typeof findCredentials> {
  try {
    return await findCredentials(key, options);
  } catch (error) {
    if (error instanceof DhowError && error.kind === "not-found") return undefined;
    throw error;
  }
}

/**
 * Forgets a login.
 * @throws {DhowError} `not-found` if there is none.
 */
export async function logout({ key }: LoginTarget, options: AuthFileChoice): Promise<void> {
  if (await removeCredentials(key, options)) return;
  const isElsewhere = (await findCredentials(key, options)) !== undefined;
  throw new DhowError(`not logged into ${key}`, {
    kind: "not-found",
    ...(isElsewhere ? { hint: "the login that is used for it was made by docker: use 'docker logout'" } : {}),
  });
}

/** Forgets all logins. */
export async function logoutEverywhere(options: AuthFileChoice): Promise<void> {
  await removeAllCredentials(options);
}
