import { invalid, splitList, unsupported } from "../../container/config/values.ts";
import { parseDurationMs } from "../../model/point-in-time.ts";
import type { CacheSource, CacheTarget, Caching } from "../request.ts";
import { type FieldRules, parseFields } from "./fields.ts";
import type { BuildFlags } from "./flags.ts";

/** @throws {DhowError} `invalid-argument`; `unsupported` for caches of services. */
export function readCaching(flags: BuildFlags): Caching {
  return {
    isOff: flags["no-cache"],
    staysOffFor: splitList(flags["no-cache-filter"]).map((stage) => stage.toLowerCase()),
    from: flags["cache-from"].flatMap(parseSource),
    to: flags["cache-to"].map(parseTarget),
    maxAgeSeconds: flags["cache-ttl"] === undefined ? undefined : parseAge(flags["cache-ttl"]),
  };
}

function parseAge(text: string): number {
  const ms = text === "0" ? 0 : parseDurationMs(text);
  if (ms === undefined || ms < 0)
    throw invalid(`invalid duration ${JSON.stringify(text)} for --cache-ttl`, "write it as 24h");
  return ms / 1000;
}

const fromRules: FieldRules = { flag: "--cache-from", keys: { type: "type", ref: "ref", src: "src" } };

function parseSource(text: string): CacheSource[] {
  if (text === "") return [];
  if (!text.includes("=")) return [{ type: "registry", repository: text }];
  refuseServices("--cache-from", text);
  const fields = parseFields(text, fromRules);
  const type = fields.need("type");
  if (type === "registry") return [{ type, repository: fields.need("ref") }];
  if (type === "local") return [{ type, directory: fields.need("src") }];
  throw invalid(`invalid type ${JSON.stringify(type)} in --cache-from`, "it is registry or local");
}

const toRules: FieldRules = { flag: "--cache-to", keys: { type: "type", ref: "ref", dest: "dest", mode: "mode" } };

function parseTarget(text: string): CacheTarget {
  if (!text.includes("="))
    return text === "inline" ? { type: "inline" } : { type: "registry", repository: text, mode: "max" };
  refuseServices("--cache-to", text);
  const fields = parseFields(text, toRules);
  const mode = fields.get("mode") ?? "min";
  if (mode !== "min" && mode !== "max")
    throw invalid(`invalid mode ${JSON.stringify(mode)} in --cache-to`, "it is min or max");
  const type = fields.need("type");
  if (type === "inline") return { type };
  if (type === "registry") return { type, repository: fields.need("ref"), mode };
  if (type === "local") return { type, directory: fields.need("dest"), mode };
  throw invalid(`invalid type ${JSON.stringify(type)} in --cache-to`, "it is registry, local or inline");
}

function refuseServices(flag: string, text: string): void {
  const [, type] = /(?:^|,)type=(gha|s3|azblob)(?:,|$)/.exec(text) ?? [];
  if (type !== undefined)
    throw unsupported(`${flag}: dhow has no cache of type ${type}`, "use type=registry or type=local");
}
