import type { Engine } from "../engine.ts";
import { DhowError, isKind } from "../errors.ts";
import type { SecretRecord } from "../storage/secrets.ts";
import { getVariable } from "../system/environment.ts";
import { randomHex } from "../system/random.ts";
import { openDriver } from "./drivers.ts";

type SecretEngine = Pick<Engine, "secrets" | "events">;

const idLength = 25;
const longestContent = 512_000;

export interface CreateSecretOptions {
  readonly driver: string;
  readonly driverOptions: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** One of that name is replaced, with a new id; containers that were made with it keep what they have. */
  readonly replace: boolean;
  /** One of that name is left as it is. */
  readonly ignore: boolean;
}

/** The content of an environment variable. @throws {DhowError} `invalid-argument` if it is not set. */
export function readVariable(name: string): Buffer {
  const value = getVariable(name);
  if (value !== undefined) return Buffer.from(value);
  throw invalid(`cannot create store secret data: environment variable ${name} is not set`);
}

/**
 * Keeps a secret.
 * @returns Its id.
 * @throws {DhowError} `already-exists`; `invalid-argument` for a bad name, an empty or a too large secret.
 */
export function createSecret(
  engine: SecretEngine,
  name: string,
  content: Buffer,
  options: CreateSecretOptions,
): string {
  checkSecretName(name);
  if (options.replace && options.ignore) throw invalid("cannot use --ignore and --replace flags together");
  if (content.length === 0 || content.length >= longestContent) {
    throw invalid("secret data must be larger than 0 and less than 512000 bytes");
  }
  const found = engine.secrets.find(name);
  const existing = found?.name === name ? found : undefined;
  if (existing && options.ignore) return existing.id;
  if (existing && !options.replace) throw new DhowError(`${name}: secret name in use`, { kind: "already-exists" });
  const id = store(engine, { name, content, existing }, options);
  if (existing) openDriver(engine, existing.driver, existing.driverOptions).remove(existing.id);
  engine.events.append({ type: "secret", status: "create", id, name });
  return id;
}

interface NewSecret {
  readonly name: string;
  readonly content: Buffer;
  readonly existing: SecretRecord | undefined;
}

function store(engine: SecretEngine, { name, content, existing }: NewSecret, options: CreateSecretOptions): string {
  const { driver, driverOptions, labels } = options;
  const id = randomHex(13).slice(0, idLength);
  const keeper = openDriver(engine, driver, driverOptions);
  keeper.write(id, content);
  const now = new Date();
  try {
    const createdAt = existing?.createdAt ?? now;
    engine.secrets.add({ id, name, driver, driverOptions, labels, createdAt, updatedAt: now }, existing?.id);
    return id;
  } catch (error) {
    keeper.remove(id);
    throw error;
  }
}

/** Podman's words. */
function checkSecretName(name: string): void {
  if (name.length > 0 && name.length <= 253 && /^[^,=/\0\p{Cc}]+$/u.test(name) && name.trim() === name) return;
  throw invalid(
    `secret name ${JSON.stringify(name)} can not include '=', '/', ',', or the NULL ('\\000') and be between 1 and 253 characters long: invalid secret name`,
  );
}

/**
 * A secret with its content.
 * @throws {DhowError} `not-found`, also if its driver has lost it.
 */
export function readSecret(
  engine: Pick<Engine, "secrets">,
  nameOrId: string,
): { readonly record: SecretRecord; readonly content: Buffer } {
  const record = engine.secrets.get(nameOrId);
  const content = openDriver(engine, record.driver, record.driverOptions).read(record.id);
  if (content) return { record, content };
  throw new DhowError(`the content of secret ${record.name} is gone: no such secret`, { kind: "not-found" });
}

/**
 * Removes a secret. Containers that were made with it keep what they have.
 * @returns Its id.
 * @throws {DhowError} `not-found`.
 */
export function removeSecret(engine: SecretEngine, nameOrId: string): string {
  const { id, name, driver, driverOptions } = engine.secrets.get(nameOrId);
  const keeper = openDriver(engine, driver, driverOptions);
  try {
    keeper.remove(id);
  } catch (error) {
    // What the driver has lost cannot be removed; the record can.
    if (!isKind(error, "unavailable") || keeper.read(id) !== undefined) throw error;
  }
  engine.secrets.remove(id);
  engine.events.append({ type: "secret", status: "remove", id, name });
  return id;
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
