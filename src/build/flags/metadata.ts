import { invalid, unsupported } from "../../container/config/values.ts";
import { parseImageFormat } from "../../image/record-image.ts";
import { getVariable } from "../../system/environment.ts";
import type { ImageMetadata } from "../request.ts";
import { parsePairs } from "./fields.ts";
import type { BuildFlags } from "./flags.ts";

/** @throws {DhowError} `invalid-argument`, `unsupported`. */
export function readMetadata(flags: BuildFlags, args: Readonly<Record<string, string>>): ImageMetadata {
  const { timestamp } = flags;
  const sourceDateEpoch = readEpoch(flags, args);
  if (timestamp !== undefined && flags["source-date-epoch"] !== undefined) {
    throw invalid("--timestamp and --source-date-epoch can not be used together");
  }
  if (timestamp !== undefined && timestamp < 0) throw invalid("--timestamp cannot lie before 1970");
  return {
    labels: parsePairs(flags.label, "--label"),
    layerLabels: parsePairs(flags["layer-label"], "--layer-label"),
    unsetLabels: flags.unsetlabel,
    inheritsLabels: flags["inherit-labels"],
    inheritsAnnotations: flags["inherit-annotations"],
    identityLabel: flags["identity-label"],
    annotations: parsePairs(flags.annotation.map(ofManifest), "--annotation"),
    unsetAnnotations: flags.unsetannotation,
    format: parseImageFormat(flags.format || getVariable("BUILDAH_FORMAT") || "oci"),
    timestamp,
    sourceDateEpoch: timestamp === undefined ? sourceDateEpoch : undefined,
    rewritesTimestamps: flags["rewrite-timestamp"],
    omitsHistory: flags["omit-history"],
    os: { version: flags["os-version"] || undefined, features: flags["os-feature"] },
  };
}

/** buildx can say where an annotation stands (`index:key=value`); dhow's stand in the manifest. */
function ofManifest(text: string): string {
  const [, place, rest = ""] = /^([a-z-]+(?:\[[^\]]*\])?(?:,[a-z-]+)*):([^=]*=.*)$/s.exec(text) ?? [];
  if (place === undefined) return text;
  if (place === "manifest") return rest;
  throw unsupported(`--annotation: dhow cannot annotate ${place}`, "annotations stand in the image's manifest");
}

function readEpoch(flags: BuildFlags, args: Readonly<Record<string, string>>): number | undefined {
  if (flags["source-date-epoch"] !== undefined) return flags["source-date-epoch"];
  const text = args.SOURCE_DATE_EPOCH ?? getVariable("SOURCE_DATE_EPOCH");
  if (text === undefined || text === "") return undefined;
  if (!/^\d{1,12}$/.test(text))
    throw invalid(`invalid SOURCE_DATE_EPOCH ${JSON.stringify(text)}`, "it is a number of seconds since 1970");
  return Number(text);
}
