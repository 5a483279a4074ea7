import { readFileSync } from "node:fs";
import { parse } from "smol-toml";
import { DhowError } from "../errors.ts";
import { findContainersConf } from "./containers-conf-files.ts";

/** What dhow takes from Podman's containers.conf: defaults of flags. */
export interface ContainersConf {
  /** `userns` of the table `containers`; undefined unless it says something. */
  readonly userns: string | undefined;
  /** `image_volume_mode` of the table `engine`, the same. */
  readonly imageVolumeMode: string | undefined;
  /** `default_rootless_network_cmd` of the table `network`, the same. */
  readonly rootlessNetwork: string | undefined;
  /** `pasta_options` of the table `network`, the same. */
  readonly pastaOptions: readonly string[] | undefined;
  /** `read_only`, `default_ulimits` and `oom_score_adj` of the table `containers`, the same. */
  readonly readOnly: boolean | undefined;
  readonly ulimits: readonly string[] | undefined;
  readonly oomScoreAdj: number | undefined;
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
export function readContainersConf(files: readonly string[] = findContainersConf()): ContainersConf {
  let conf: ContainersConf = {
    userns: undefined,
    imageVolumeMode: undefined,
    rootlessNetwork: undefined,
    pastaOptions: undefined,
    readOnly: undefined,
    ulimits: undefined,
    oomScoreAdj: undefined,
    retries: undefined,
    retryDelay: undefined,
  };
  for (const path of files) {
    const document = read(path);
    const engine = tableIn(document, "engine", path);
    const network = tableIn(document, "network", path);
    const containers = tableIn(document, "containers", path);
    const { retry } = engine;
    if (retry !== undefined && (typeof retry !== "number" || !Number.isSafeInteger(retry) || retry < 0))
      throw mistake(path, "retry is not a count");
    conf = {
      userns: textIn(containers, "userns", path) || conf.userns,
      imageVolumeMode: textIn(engine, "image_volume_mode", path) || conf.imageVolumeMode,
      rootlessNetwork: textIn(network, "default_rootless_network_cmd", path) || conf.rootlessNetwork,
      pastaOptions: textsIn(network, "pasta_options", path) ?? conf.pastaOptions,
      ...readLimits(containers, path, conf),
      retries: (retry as number | undefined) ?? conf.retries,
      retryDelay: textIn(engine, "retry_delay", path) || conf.retryDelay,
    };
  }
  return conf;
}

function readLimits(table: Table, path: string, before: ContainersConf) {
  const { read_only: readOnly, oom_score_adj: score } = table;
  if (readOnly !== undefined && typeof readOnly !== "boolean")
    throw mistake(path, "read_only is neither true nor false");
  if (score !== undefined && typeof score !== "number") throw mistake(path, "oom_score_adj is not a number");
  return {
    readOnly: readOnly ?? before.readOnly,
    ulimits: textsIn(table, "default_ulimits", path) ?? before.ulimits,
    oomScoreAdj: score ?? before.oomScoreAdj,
  };
}

function textIn(table: Table, key: string, path: string): string | undefined {
  const value = table[key];
  if (value !== undefined && typeof value !== "string") throw mistake(path, `${key} is not text`);
  return value;
}

function textsIn(table: Table, key: string, path: string): string[] | undefined {
  const value = table[key];
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value;
  throw mistake(path, `${key} is not a list of texts`);
}

function read(path: string): Table {
  try {
    return parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new DhowError(`cannot read ${path}`, { kind: "invalid-argument", cause });
  }
}

function tableIn(document: Table, name: string, path: string): Table {
  const table = document[name] ?? {};
  if (typeof table !== "object" || Array.isArray(table) || table === null)
    throw mistake(path, `${name} is not a table`);
  return table as Table;
}

function mistake(path: string, reason: string): DhowError {
  return new DhowError(`${path} has a mistake: ${reason}`, { kind: "invalid-argument" });
}
