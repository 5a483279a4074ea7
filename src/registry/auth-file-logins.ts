import { existsSync } from "node:fs";
import { DhowError } from "../errors.ts";
import { getVariable, homeDirectory } from "../system/environment.ts";
import { type AuthDocument, type AuthEntry, type AuthFile, editAuthFile, readAuthFile } from "./auth-file.ts";
import {
  eraseFromHelper,
  getFromHelper,
  hasCredentialHelper,
  listInHelper,
  storeInHelper,
} from "./credential-helper.ts";
import type { AuthFileChoice, Credentials } from "./credentials.ts";

const dockerHubKey = "https://index.docker.io/v1/";
const tokenUser = "<token>";

/** As findCredentials, in the files alone. */
export async function findInFiles(name: string, choice: AuthFileChoice): Promise<Credentials | undefined> {
  requireFile(choice);
  for (const file of filesToRead(choice)) {
    const found = await findInFile(file, name);
    if (found) return found;
  }
  return undefined;
}

/** Stores a login: with the credential helper that the file names for the registry, else in the file itself. */
export async function storeInFile(key: string, credentials: Credentials, choice: AuthFileChoice): Promise<string> {
  const file = fileToWrite(key, choice);
  if (file.format === "docker" && key.includes("/")) {
    throw new DhowError(
      `credentials cannot be recorded in Docker-compatible format with namespaced key ${JSON.stringify(key)}`,
      {
        kind: "invalid-argument",
      },
    );
  }
  let place = file.path;
  await editAuthFile(file, async (document) => {
    const helper = findHelper(document, key, file);
    if (helper) {
      const { username, password: secret } = credentials;
      await storeInHelper(helper.name, helper.server, { username, secret });
      place = `credential helper docker-credential-${helper.name}`;
      return;
    }
    const auth = Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64");
    document.auths = { ...document.auths, [writtenKey(key, file)]: { auth } };
  });
  return place;
}

/** Removes a login from every file it is written in. @returns Whether there was one. */
export async function removeFromFiles(key: string, choice: AuthFileChoice): Promise<boolean> {
  requireFile(choice);
  let isRemoved = false;
  for (const file of filesToEdit(choice)) {
    const document = readAuthFile(file);
    const helper = findHelper(document, key, file);
    const isThere = helper
      ? (await getFromHelper(helper.name, helper.server)) !== undefined
      : entryKey(document, key, file) !== undefined;
    if (!isThere) continue;
    isRemoved = true;
    await editAuthFile(file, async (current) => {
      if (helper) await eraseFromHelper(helper.name, helper.server);
      const written = entryKey(current, key, file);
      if (written !== undefined) delete current.auths?.[written];
    });
  }
  return isRemoved;
}

/** Removes all logins of the files, those in the credential helpers that they name included. */
export async function removeAllFromFiles(choice: AuthFileChoice): Promise<void> {
  requireFile(choice);
  for (const file of filesToEdit(choice)) {
    await editAuthFile(file, async (document) => {
      for (const [server, name] of Object.entries(document.credHelpers ?? {})) await eraseFromHelper(name, server);
      const store = findStore(document, file);
      if (store !== undefined) for (const server of await listInHelper(store)) await eraseFromHelper(store, server);
      document.auths = {};
    });
  }
}

/** The key of a registry in all its spellings. */
export function canonicalRegistry(host: string): string {
  return host === "index.docker.io" || host === "registry-1.docker.io" ? "docker.io" : host;
}

function requireFile({ authFile, compatAuthFile }: AuthFileChoice): void {
  const path = authFile ?? compatAuthFile;
  if (path !== undefined && !existsSync(path)) {
    throw new DhowError(`credential file is not accessible: ${path}: no such file or directory`, { kind: "not-found" });
  }
}

/** The one file that flags or the environment name. */
function chosenFile({ authFile, compatAuthFile }: AuthFileChoice): AuthFile | undefined {
  if (authFile !== undefined && compatAuthFile !== undefined) {
    throw new DhowError(
      "options for paths to the credential file and to the Docker-compatible credential file can not be set simultaneously",
      { kind: "invalid-argument" },
    );
  }
  if (compatAuthFile !== undefined) return { path: compatAuthFile, format: "docker" };
  const path = authFile ?? getVariable("REGISTRY_AUTH_FILE");
  if (path !== undefined) return { path, format: "containers" };
  const dockerConfig = getVariable("DOCKER_CONFIG");
  return dockerConfig === undefined ? undefined : { path: `${dockerConfig}/config.json`, format: "docker" };
}

function filesToRead(choice: AuthFileChoice): AuthFile[] {
  const chosen = chosenFile(choice);
  if (chosen) return [chosen];
  const home = homeDirectory();
  return [...ownFiles(), ...(home === undefined ? [] : dockerFiles(home))];
}

function dockerFiles(home: string): AuthFile[] {
  return [
    { path: `${home}/.docker/config.json`, format: "docker" },
    { path: `${home}/.dockercfg`, format: "dockercfg" },
  ];
}

/** Docker's own file is Docker's to edit, unless the user names it. */
function filesToEdit(choice: AuthFileChoice): AuthFile[] {
  const chosen = chosenFile(choice);
  return (chosen ? [chosen] : ownFiles()).filter(({ path }) => existsSync(path));
}

/** Podman's places: the one that a reboot empties first, as Podman looks there first. */
function ownFiles(): AuthFile[] {
  const home = homeDirectory();
  const config = getVariable("XDG_CONFIG_HOME") ?? (home === undefined ? undefined : `${home}/.config`);
  return [volatileFile(), config === undefined ? undefined : `${config}/containers/auth.json`]
    .filter((path) => path !== undefined)
    .map((path) => ({ path, format: "containers" }));
}

function volatileFile(): string | undefined {
  const run = getVariable("XDG_RUNTIME_DIR");
  if (run !== undefined) return `${run}/containers/auth.json`;
  // Root's Podman makes /run/containers so that nobody else may look whether anything is in there.
  const path = `/run/containers/${getVariable("DHOW_UID") ?? process.getuid?.()}/auth.json`;
  return existsSync(path) ? path : undefined;
}

/** A login lasts until the user ends it, so it goes where reboots do not reach, unless an entry elsewhere would hide it. */
function fileToWrite(key: string, choice: AuthFileChoice): AuthFile {
  const chosen = chosenFile(choice);
  if (chosen) return chosen;
  const files = ownFiles();
  const present = files.find((file) => {
    const document = readAuthFile(file);
    return entryKey(document, key, file) !== undefined || findHelper(document, key, file) !== undefined;
  });
  const file = present ?? files.at(-1);
  if (file) return file;
  throw new DhowError("cannot store credentials: there is no home directory", {
    kind: "not-found",
    hint: "set HOME, or use --authfile",
  });
}

async function findInFile(file: AuthFile, name: string): Promise<Credentials | undefined> {
  const document = readAuthFile(file);
  for (const key of candidateKeys(name)) {
    const helper = findHelper(document, key, file);
    const fromHelper = helper && (await readHelper(helper));
    if (fromHelper) return fromHelper;
    const written = entryKey(document, key, file);
    const entry = written === undefined ? undefined : document.auths?.[written];
    const fromFile = entry && decodeEntry(entry, file, key);
    if (fromFile) return fromFile;
  }
  return undefined;
}

/** `host/a/b`, `host/a`, `host`. */
function candidateKeys(name: string): string[] {
  const [host = "", ...path] = name.split("/");
  const parts = [canonicalRegistry(host), ...path];
  return parts.map((_, dropped) => parts.slice(0, parts.length - dropped).join("/"));
}

function entryKey(document: AuthDocument, key: string, file: AuthFile): string | undefined {
  return Object.keys(document.auths ?? {}).find((written) => normalizeKey(written, file) === key);
}

/** Docker wrote whole URLs once: `https://registry.example/v1/`. */
function normalizeKey(written: string, { format }: AuthFile): string {
  const bare = written.replace(/^https?:\/\//, "");
  const isUrl = bare !== written || format !== "containers";
  const [host = "", ...path] = bare.split("/");
  return isUrl || path.length === 0 ? canonicalRegistry(host) : [canonicalRegistry(host), ...path].join("/");
}

/** What a key is written as in a file. */
function writtenKey(key: string, { format }: Pick<AuthFile, "format">): string {
  return format === "docker" && key === "docker.io" ? dockerHubKey : key;
}

interface Helper {
  readonly name: string;
  readonly server: string;
}

function findHelper(document: AuthDocument, key: string, file: AuthFile): Helper | undefined {
  const own = Object.entries(document.credHelpers ?? {}).find(([server]) => normalizeKey(server, file) === key);
  if (own && typeof own[1] === "string") return { name: own[1], server: own[0] };
  const store = findStore(document, file);
  return store === undefined || key.includes("/") ? undefined : { name: store, server: writtenKey(key, file) };
}

/** A store that came along with somebody else's desktop program must not stop the pull of a public image. */
function findStore({ credsStore }: AuthDocument, { format }: AuthFile): string | undefined {
  if (typeof credsStore !== "string" || format !== "docker" || !hasCredentialHelper(credsStore)) return undefined;
  return credsStore;
}

/** What a credential helper knows about a server. */
export async function readHelper({ name, server }: Helper): Promise<Credentials | undefined> {
  const found = await getFromHelper(name, server);
  if (!found) return undefined;
  if (found.username === tokenUser) return { username: "", password: "", identityToken: found.secret };
  return { username: found.username, password: found.secret };
}

function decodeEntry(entry: AuthEntry, { path }: AuthFile, key: string): Credentials | undefined {
  const isText = (value: unknown) => value === undefined || typeof value === "string";
  const text = isText(entry?.auth) ? Buffer.from(entry?.auth ?? "", "base64").toString("utf8") : "";
  const colon = text.indexOf(":");
  if (!isText(entry?.auth) || !isText(entry?.identitytoken) || (text !== "" && colon < 0)) {
    throw new DhowError(`the credentials file ${path} is damaged: the entry of ${key} is not valid`, {
      kind: "corrupt",
    });
  }
  if (entry.identitytoken)
    return { username: text.slice(0, Math.max(colon, 0)), password: "", identityToken: entry.identitytoken };
  if (text === "") return undefined;
  return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, "") };
}
