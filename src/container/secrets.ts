import { chmodSync, chownSync, mkdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import type { ContainerConfig, SecretConfig } from "../model/container-config.ts";
import type { MountSpec } from "../oci/runtime-spec.ts";
import { readSecret } from "../secret/secrets.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import { writeFileAtomic } from "../system/files.ts";
import { ownerOf } from "./user-ids.ts";

/** What secrets become in a container. */
export interface SecretUse {
  readonly mounts: readonly MountSpec[];
  /** `NAME=value`: for the process alone, not for the container's record. */
  readonly env: readonly string[];
}

export interface SecretContents {
  /** With their ids filled in. */
  readonly secrets: readonly SecretConfig[];
  readonly contents: readonly Buffer[];
}

/** The content of the secrets of a container that is about to be made. @throws {DhowError} `not-found`. */
export function readSecrets(
  engine: Pick<Engine, "secrets">,
  { secrets }: Pick<ContainerConfig, "secrets">,
): SecretContents {
  const found = secrets.map((secret) => ({ secret, ...readSecret(engine, secret.name) }));
  return {
    secrets: found.map(({ secret, record }) => ({ ...secret, name: record.name, id: record.id })),
    contents: found.map(({ content }) => content),
  };
}

/** Gives a container its own copies: what becomes of the secrets later does not touch it. */
export function keepSecrets({ containers }: Pick<Engine, "containers">, id: string, contents: readonly Buffer[]): void {
  if (contents.length === 0) return;
  const folder = folderOf({ containers }, id);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const [index, content] of contents.entries()) writeFileAtomic(`${folder}/${index}`, content, { mode: 0o600 });
}

/** How a container that starts gets its secrets. @throws {DhowError} `corrupt` if one of its copies is gone. */
export function useSecrets(
  { containers }: Pick<Engine, "containers">,
  { id, config }: Pick<ContainerRecord, "id" | "config">,
): SecretUse {
  const mounts: MountSpec[] = [];
  const env: string[] = [];
  for (const [index, secret] of config.secrets.entries()) {
    const copy = `${folderOf({ containers }, id)}/${index}`;
    try {
      if (secret.kind === "env") env.push(`${secret.target}=${readFileSync(copy, "utf8")}`);
      else mounts.push(mountOf(copy, { ...secret, ...ownerOf(config, secret) }));
    } catch (cause) {
      throw new DhowError(`cannot give secret ${secret.name} to the container`, { kind: "corrupt", cause });
    }
  }
  return { mounts, env };
}

function folderOf({ containers }: Pick<Engine, "containers">, id: string): string {
  return `${containers.directory(id)}/secrets`;
}

/** Only those who may enter the container's folder, or are in the container, can reach the file. */
function mountOf(path: string, { name, target, uid, gid, mode }: SecretConfig): MountSpec {
  chownSync(path, uid, gid);
  chmodSync(path, mode);
  const destination = posix.resolve("/run/secrets", target || name);
  return { destination, type: "bind", source: path, options: ["bind", "rprivate", "ro", "nosuid", "nodev", "noexec"] };
}
