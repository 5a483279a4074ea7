import { posix } from "node:path";
import { cut, invalid, parseBoolean, parseBytes, splitList } from "../../container/config/values.ts";
import { suggest } from "../../model/suggest.ts";
import type { BindMount, CacheMount, CacheSharing, RunMount, SecretMount, SshMount, TmpfsMount } from "./ast.ts";

/** The keys of each type, under the name that they are read by. `z` and `relabel` mean nothing without SELinux, as in `run`. */
const places = { target: "target", dst: "target", destination: "target" };
const sources = { from: "from", source: "source", src: "source" };
const access = { readonly: "readonly", ro: "readonly", readwrite: "readwrite", rw: "readwrite" };
const owners = { mode: "mode", uid: "uid", gid: "gid" };
const labels = { z: "label", Z: "label", relabel: "label" };
const keysOf: Readonly<Record<RunMount["type"], Readonly<Record<string, string>>>> = {
  bind: { type: "type", ...places, ...sources, ...access, ...labels },
  cache: { type: "type", ...places, ...sources, ...access, ...owners, ...labels, id: "id", sharing: "sharing" },
  tmpfs: { type: "type", ...places, size: "size", "tmpfs-size": "size", rw: "readwrite", readwrite: "readwrite" },
  secret: {
    ...{ type: "type", ...places, ...owners, id: "id", source: "id", src: "id", env: "env", required: "required" },
    ...{ readonly: "readonly", ro: "readonly", ...labels },
  },
  ssh: {
    type: "type",
    ...places,
    ...owners,
    id: "id",
    required: "required",
    readonly: "readonly",
    ro: "readonly",
    ...labels,
  },
};

/** What a --mount says, by the names of `keysOf`; undefined where there is no equals sign. */
type Fields = ReadonlyMap<string, string | undefined>;

/**
 * Reads what --mount of RUN says.
 * @param expand Puts the values of variables into a word.
 * @throws {DhowError} `invalid-argument`.
 * @see https://docs.docker.com/reference/dockerfile/#run---mount
 */
export function parseRunMount(text: string, expand: (word: string) => string): RunMount {
  const pairs = splitList([text]).map((field) => {
    const [key, value] = cut(field, "=");
    return {
      field,
      key: key === "Z" ? key : key.toLowerCase(),
      value: value === undefined ? undefined : expand(value),
    };
  });
  const type = typeOf(pairs.findLast(({ key }) => key === "type")?.value ?? "bind");
  const fields = new Map<string, string | undefined>();
  for (const { field, key, value } of pairs) {
    const name = Object.hasOwn(keysOf[type], key) ? keysOf[type][key] : undefined;
    if (name === undefined) throw unexpectedKey(key, field, type);
    const mayBeBare = ["readonly", "readwrite", "required", "label"].includes(name);
    if (value === undefined && !mayBeBare) throw invalid(`invalid field '${field}' must be a key=value pair`);
    fields.set(name, value);
  }
  return readers[type](fields);
}

function typeOf(value: string): RunMount["type"] {
  const type = value.toLowerCase();
  if (Object.hasOwn(keysOf, type)) return type as RunMount["type"];
  throw invalid(`unsupported mount type ${JSON.stringify(value)}${question(type, Object.keys(keysOf))}`);
}

function unexpectedKey(key: string, field: string, type: RunMount["type"]): Error {
  const isOfOtherType = Object.values(keysOf).some((keys) => Object.hasOwn(keys, key));
  if (isOfOtherType) return invalid(`unexpected key '${key}' for mount type '${type}'`);
  return invalid(`unexpected key '${key}' in '${field}'${question(key, Object.keys(keysOf[type]))}`);
}

function question(word: string, words: readonly string[]): string {
  const [near] = suggest(word, words);
  return near === undefined ? "" : ` (did you mean ${near}?)`;
}

const readers: Readonly<Record<RunMount["type"], (fields: Fields) => RunMount>> = {
  bind: readBind,
  cache: readCache,
  tmpfs: readTmpfs,
  secret: readSecret,
  ssh: readSsh,
};

function readBind(fields: Fields): BindMount {
  return {
    type: "bind",
    ...sourceOf(fields),
    target: targetOf(fields, "bind"),
    isReadOnly: isReadOnly(fields) ?? true,
  };
}

function readCache(fields: Fields): CacheMount {
  const target = targetOf(fields, "cache");
  return {
    ...{ type: "cache", id: fields.get("id") || posix.normalize(target), target },
    isReadOnly: isReadOnly(fields) ?? false,
    sharing: sharingOf(fields.get("sharing")),
    ...sourceOf(fields),
    ...ownerOf(fields, 0o755),
  };
}

function readTmpfs(fields: Fields): TmpfsMount {
  const size = fields.get("size");
  return {
    type: "tmpfs",
    target: targetOf(fields, "tmpfs"),
    sizeBytes: size === undefined ? undefined : parseBytes(size),
  };
}

function readSecret(fields: Fields): SecretMount {
  const target = fields.get("target") || undefined;
  const id = fields.get("id") || (target && posix.basename(target));
  if (!id) throw invalid("invalid secret mount. one of source, target required", "as in --mount=type=secret,id=NAME");
  const environment = fields.has("env") ? fields.get("env") || id : undefined;
  const usual = environment === undefined ? `/run/secrets/${posix.basename(id)}` : undefined;
  return {
    ...{ type: "secret", id, target: target ?? usual, environment },
    isRequired: flag(fields, "required") ?? false,
    ...ownerOf(fields, 0o400),
  };
}

function readSsh(fields: Fields): SshMount {
  return {
    ...{ type: "ssh", id: fields.get("id") || "default", target: fields.get("target") || undefined },
    isRequired: flag(fields, "required") ?? false,
    ...ownerOf(fields, 0o600),
  };
}

function sourceOf(fields: Fields) {
  return { from: fields.get("from") || undefined, source: fields.get("source") || "/" };
}

function targetOf(fields: Fields, type: string): string {
  const target = fields.get("target") ?? "";
  if (target === "") throw invalid(`a ${type} mount needs a target`, `as in --mount=type=${type},target=/PATH`);
  if (posix.resolve("/", target) === "/" && target.startsWith("/")) {
    throw invalid(`invalid mount target ${JSON.stringify(target)}`);
  }
  return target;
}

function isReadOnly(fields: Fields): boolean | undefined {
  const readWrite = flag(fields, "readwrite");
  return readWrite === undefined ? flag(fields, "readonly") : !readWrite;
}

function flag(fields: Fields, name: string): boolean | undefined {
  if (!fields.has(name)) return undefined;
  const value = fields.get(name);
  const flagValue = value === undefined ? true : parseBoolean(value);
  if (flagValue === undefined) throw invalid(`invalid value for ${name}: ${value}`);
  return flagValue;
}

function sharingOf(value: string | undefined): CacheSharing {
  const sharing = value?.toLowerCase() ?? "shared";
  const all: readonly CacheSharing[] = ["shared", "private", "locked"];
  const found = all.find((one) => one === sharing);
  if (found === undefined) throw invalid(`unsupported sharing value ${JSON.stringify(value)}${question(sharing, all)}`);
  return found;
}

function ownerOf(fields: Fields, defaultMode: number) {
  const mode = fields.get("mode");
  if (mode !== undefined && !/^[0-7]{1,5}$/.test(mode)) throw invalid(`invalid value ${mode} for mode`);
  return {
    mode: mode === undefined ? defaultMode : Number.parseInt(mode, 8),
    uid: idOf(fields, "uid"),
    gid: idOf(fields, "gid"),
  };
}

function idOf(fields: Fields, name: "uid" | "gid"): number {
  const value = fields.get(name) ?? "0";
  if (!/^\d{1,10}$/.test(value) || Number(value) > 0xff_ff_ff_ff) throw invalid(`invalid value ${value} for ${name}`);
  return Number(value);
}
