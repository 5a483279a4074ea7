import { mkdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import { DhowError, errnoOf } from "../errors.ts";
import { lockPath } from "../system/file-lock.ts";
import { writeFileAtomic } from "../system/files.ts";

/**
 * A file of logins: containers' auth.json or Docker's config.json. The two differ in their keys only: Docker's are never
 * namespaced, and docker.io is called https://index.docker.io/v1/ there. `dockercfg`, Docker's file of old, is `auths` alone.
 */
export interface AuthFile {
  readonly path: string;
  readonly format: "containers" | "docker" | "dockercfg";
}

/** The whole document, unknown fields included: what dhow does not know is written back as it was. */
export interface AuthDocument {
  auths?: Record<string, AuthEntry>;
  credHelpers?: Record<string, string>;
  credsStore?: string;
  readonly [field: string]: unknown;
}

export interface AuthEntry {
  readonly auth?: string;
  readonly identitytoken?: string;
}

/**
 * @returns An empty document if there is no such file.
 * @throws {DhowError} `corrupt` if it is not what it should be, `permission-denied` if it may not be read.
 */
export function readAuthFile({ path, format }: AuthFile): AuthDocument {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === "ENOENT" || code === "ENOTDIR") return {};
    throw new DhowError(`cannot read the credentials file ${path}`, { kind: "permission-denied", cause });
  }
  if (text.trim() === "") return {};
  const document = parseJson(text);
  if (!isMap(document)) throw damaged(path, "it is not JSON");
  if (format === "dockercfg") return { auths: document as AuthDocument["auths"] & object };
  for (const field of ["auths", "credHelpers"]) {
    if (document[field] === null) delete document[field];
    if (document[field] !== undefined && !isMap(document[field])) throw damaged(path, `${field} is not an object`);
  }
  return document as AuthDocument;
}

/**
 * Changes the file under a lock and writes it atomically, readable by its owner alone. A symbolic link stays one.
 * @throws {DhowError} As {@link readAuthFile}.
 */
export async function editAuthFile(file: AuthFile, edit: (document: AuthDocument) => Promise<void>): Promise<void> {
  const path = resolveLink(file.path);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  using _lock = await lockPath(dirname(path));
  const document = readAuthFile({ ...file, path });
  const before = JSON.stringify(document);
  await edit(document);
  if (JSON.stringify(document) !== before) {
    writeFileAtomic(path, `${JSON.stringify(document, undefined, "\t")}\n`, { mode: 0o600 });
  }
}

function resolveLink(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** The parser's own message is dropped: it quotes the file, which holds secrets. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function damaged(path: string, reason: string): DhowError {
  return new DhowError(`the credentials file ${path} is damaged: ${reason}`, {
    kind: "corrupt",
    hint: "repair it, or remove it and sign in again with 'dhow login'",
  });
}
