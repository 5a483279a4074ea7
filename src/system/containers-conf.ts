import { existsSync, readdirSync, readFileSync } from "node:fs";
import { parse } from "smol-toml";
import { DhowError } from "../errors.ts";
import { getVariable, homeDirectory } from "./environment.ts";

/** What dhow takes from Podman's containers.conf: defaults of flags that deal with registries. */
export interface ContainersConf {
  /** `retry` of the table `engine`. */
  readonly retries: number | undefined;
  /** `retry_delay` of the table `engine`, as written: `5s`. */
  readonly retryDelay: string | undefined;
}

type Table = Readonly<Record<string, unknown>>;

/**
 * Reads all files that apply; later ones win, value by value. Without any, nothing is configured.
 * @see https://github.com/containers/common/blob/main/docs/containers.conf.5.md
 * @throws {DhowError} `invalid-argument` for a mistake in a file, naming it.
 */
export function readContainersConf(files: readonly string[] = findFiles()): ContainersConf {
  let conf: ContainersConf = { retries: undefined, retryDelay: undefined };
  for (const path of files) {
    const { retry, retry_delay: delay } = engineTable(path);
    if (retry !== undefined && (typeof retry !== "number" || !Number.isSafeInteger(retry) || retry < 0))
      throw mistake(path, "retry is not a count");
    if (delay !== undefined && typeof delay !== "string") throw mistake(path, "retry_delay is not text");
    conf = { retries: (retry as number | undefined) ?? conf.retries, retryDelay: delay || conf.retryDelay };
  }
  return conf;
}

function findFiles(): string[] {
  const named = getVariable("CONTAINERS_CONF");
  const home = homeDirectory();
  const config = getVariable("XDG_CONFIG_HOME") ?? (home === undefined ? undefined : `${home}/.config`);
  const folders = ["/usr/share", "/etc", ...(config === undefined ? [] : [config])];
  const usual = folders.flatMap((folder) => {
    const main = `${folder}/containers/containers.conf`;
    return [main, ...confFilesIn(`${main}.d`)];
  });
  const override = getVariable("CONTAINERS_CONF_OVERRIDE");
  return [...(named === undefined ? usual : [named]), ...(override === undefined ? [] : [override])].filter(existsSync);
}

function confFilesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".conf"))
    .sort()
    .map((name) => `${folder}/${name}`);
}

function engineTable(path: string): Table {
  let document: Table;
  try {
    document = parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new DhowError(`cannot read ${path}`, { kind: "invalid-argument", cause });
  }
  const table = document.engine ?? {};
  if (typeof table !== "object" || Array.isArray(table) || table === null) throw mistake(path, "engine is not a table");
  return table as Table;
}

function mistake(path: string, reason: string): DhowError {
  return new DhowError(`${path} has a mistake: ${reason}`, { kind: "invalid-argument" });
}
