import { readdirSync, readFileSync } from "node:fs";
import { sharedStoresFolder } from "../rootless/shared-stores-folder.ts";
import { getVariable, homeDirectory } from "../system/environment.ts";

export interface AdditionalPlaces {
  /** Named by the user for this command. */
  readonly required: readonly string[];
  /** Configured on this machine, for whatever engine. */
  readonly candidates: readonly string[];
}

/**
 * The places of image stores that are only read: `--storage-opt additionalimagestore=PATH`, DHOW_ADDITIONAL_STORES, those that
 * root shares with the user, and `additionalimagestores` of storage.conf (which may be stores of Podman's).
 */
export function findAdditionalPlaces(storageOpts: readonly string[], uid: number): AdditionalPlaces {
  const fromFlags = storageOpts.flatMap((option) => {
    const path = /^(?:[a-z-]+\.)?(?:additionalimagestore|imagestore)=(.+)$/.exec(option)?.[1];
    return path === undefined ? [] : [path];
  });
  const fromEnvironment = (getVariable("DHOW_ADDITIONAL_STORES") ?? "").split(":").filter(Boolean);
  const shared = sharedStoresFolder(uid);
  return {
    required: [...fromFlags, ...fromEnvironment],
    candidates: [...listFolder(shared).map((name) => `${shared}/${name}`), ...readStorageConf()],
  };
}

function readStorageConf(): string[] {
  const home = homeDirectory();
  const config = getVariable("XDG_CONFIG_HOME") ?? (home === undefined ? undefined : `${home}/.config`);
  const named = getVariable("CONTAINERS_STORAGE_CONF");
  const places =
    named === undefined
      ? [
          config && `${config}/containers/storage.conf`,
          "/etc/containers/storage.conf",
          "/usr/share/containers/storage.conf",
        ]
      : [named];
  for (const path of places) {
    const text = path === undefined ? undefined : readIfPresent(path);
    if (text !== undefined) return parseAdditionalStores(text);
  }
  return [];
}

/**
 * The list `additionalimagestores` of a storage.conf. The TOML parser stays out of it: every command comes by here, and few
 * have anything to read.
 */
export function parseAdditionalStores(text: string): string[] {
  const lines = text.replace(/^\s*#.*$/gm, "");
  const section = /^\s*\[storage\.options\]\s*$([\s\S]*?)(?=^\s*\[[a-z"]|(?![\s\S]))/m.exec(lines)?.[1] ?? "";
  const list = /^\s*additionalimagestores\s*=\s*\[([^\]]*)\]/m.exec(section)?.[1] ?? "";
  return [...list.matchAll(/"([^"\\\n]+)"|'([^'\n]+)'/g)].map(([, double, single]) => double ?? single ?? "");
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    return [];
  }
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
