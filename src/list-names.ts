import { existsSync } from "node:fs";
import type { NameKind } from "./cli/complete.ts";
import type { GlobalOptions } from "./engine.ts";
import { openEngine } from "./open-engine.ts";
import { locatePaths } from "./system/paths.ts";

/**
 * Names for a shell to complete. Read outside of the user's namespaces, and without making anything: where there is no
 * database yet, there are no names.
 */
export function listNames(kind: NameKind, globals: Pick<GlobalOptions, "root" | "runroot">): string[] {
  const { data } = locatePaths(globals.root === undefined ? {} : { data: globals.root });
  if (!existsSync(`${data}/state.db`)) return [];
  const engine = openEngine({ globals: { ...globals, storageOpts: [], logLevel: "error" }, warn: () => {} });
  if (kind === "images") {
    const named = [...engine.images.list(), ...engine.manifestLists.list()];
    return [...new Set(named.flatMap(({ names }) => names.flatMap(shortAndLong)))];
  }
  if (kind === "artifacts") return engine.artifacts.list().map(({ name }) => name);
  if (kind === "networks") return engine.networks.list().map(({ name }) => name);
  if (kind === "secrets") return engine.secrets.list().map(({ name }) => name);
  if (kind === "pods") return engine.pods.list().map(({ name }) => name);
  if (kind === "volumes") return engine.volumes.list().map(({ name }) => name);
  return engine.containers
    .list()
    .filter(({ state }) => kind === "containers" || state === "running")
    .map(({ name }) => name);
}

/** As a person types it first: without the registry that is searched anyway. */
function shortAndLong(name: string): string[] {
  const short = name.replace(/^(?:docker\.io\/(?:library\/)?|localhost\/)/, "");
  return short === name ? [name] : [short, name];
}
