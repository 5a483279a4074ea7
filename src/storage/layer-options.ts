import { DhowError } from "../errors.ts";
import { defaultLimits, type UnpackLimits } from "./unpack/limits.ts";

/** What `--storage-opt` says about layers. A driver may stand in front, as in containers/storage: `overlay.NAME=VALUE`. */
export interface LayerOptions {
  /** `ignore_chown_errors=true`. */
  readonly ignoreChownErrors: boolean;
  /** `max_layer_size=20g`: what a layer may hold when it is unpacked. */
  readonly limits: UnpackLimits;
}

/** @throws {DhowError} `invalid-argument` for a size that is none. */
export function readLayerOptions(storageOptions: readonly string[]): LayerOptions {
  const values = new Map(storageOptions.map(splitOption));
  const size = values.get("max_layer_size");
  return {
    ignoreChownErrors: /^(?:true|1)$/.test(values.get("ignore_chown_errors") ?? ""),
    limits: size === undefined ? defaultLimits : { ...defaultLimits, maxBytes: parseSize(size) },
  };
}

function splitOption(option: string): [string, string] {
  const [name = "", ...value] = option.split("=");
  return [name.replace(/^[a-z-]+\./, ""), value.join("=")];
}

function parseSize(text: string): number {
  const match = /^(\d{1,15})([kmgt]?)i?b?$/i.exec(text);
  if (match) return Number(match[1]) * 1024 ** " kmgt".indexOf(match[2]?.toLowerCase() || " ");
  throw new DhowError(`--storage-opt max_layer_size=${text}: it is not a size`, {
    kind: "invalid-argument",
    hint: "write a number of bytes, or one with k, m, g or t behind it",
  });
}
