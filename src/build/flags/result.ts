import { invalid, parseBoolean, splitList, unsupported } from "../../container/config/values.ts";
import type { BuildOutput, BuildResultRequest } from "../request.ts";
import { type FieldRules, parseFields } from "./fields.ts";
import type { BuildFlags, Changed } from "./flags.ts";

/** @throws {DhowError} `invalid-argument`, `unsupported`. */
export function readResult(
  flags: BuildFlags,
  changed: Changed,
  layersFromEnvironment: string | undefined,
): BuildResultRequest {
  if (flags.squash && flags["squash-all"]) throw invalid("cannot specify --squash-all with --squash");
  const tags = splitList(flags.tag).filter((tag) => tag !== "");
  const outputs = flags.output.map((text) => parseOutput(text, tags));
  if (flags.push && outputs.length > 0)
    throw invalid("--push cannot be used with --output", "use --output type=image,push=true");
  if (flags.push) outputs.push(pushOf(tags));
  const attestations = readAttestations(flags);
  return {
    ...{
      tags,
      manifest: flags.manifest || undefined,
      outputs,
      layers: layersOf(flags, changed, layersFromEnvironment),
    },
    ...{ isQuiet: flags.quiet, savesStages: flags["save-stages"], ...attestations },
  };
}

function layersOf(
  flags: BuildFlags,
  changed: Changed,
  fromEnvironment: string | undefined,
): BuildResultRequest["layers"] {
  if (flags["squash-all"]) return "all";
  if (flags.squash) return "one";
  const isOn = changed("layers") ? flags.layers : (parseBoolean(fromEnvironment?.toLowerCase() ?? "true") ?? true);
  return isOn ? "each" : "one";
}

function pushOf(tags: readonly string[]): BuildOutput {
  if (tags.length === 0) throw invalid("--push: the image has no name", "name it with --tag");
  return { type: "image", names: tags, push: true };
}

const outputKeys = {
  ...{ type: "type", dest: "dest", name: "name", push: "push", tar: "tar", "platform-split": "platform-split" },
};
const refusedKeys = [
  ...["compression", "compression-level", "force-compression", "oci-mediatypes", "rewrite-timestamp", "unpack"],
  ...["push-by-digest", "store", "dangling-name-prefix", "name-canonical", "registry.insecure", "mode"],
];
const outputRules: FieldRules = {
  flag: "--output",
  keys: { ...outputKeys, ...Object.fromEntries(refusedKeys.map((key) => [key, key])) },
};

/** @throws {DhowError} `invalid-argument`; `unsupported` for what buildx can say and dhow cannot do. */
function parseOutput(text: string, tags: readonly string[]): BuildOutput {
  if (text === "-") return { type: "tar", destination: "-" };
  if (!text.includes("=")) return { type: "local", destination: text, splitsPlatforms: true };
  const fields = parseFields(text, outputRules);
  const refused = refusedKeys.find((key) => fields.has(key));
  if (refused !== undefined) throw unsupported(`--output: dhow does not know ${refused}`);
  const type = fields.need("type");
  const names = fields.get("name")?.split(",") ?? tags;
  switch (type) {
    case "local":
      return { type, destination: fields.need("dest"), splitsPlatforms: yes(fields.get("platform-split"), true) };
    case "tar":
      return { type, destination: fields.get("dest") || "-" };
    case "oci":
    case "docker":
      // Without a destination `docker` is buildx's word for the store.
      if (type === "docker" && !fields.has("dest")) return { type: "image", names, push: false };
      return { type, destination: fields.get("dest") || "-", tar: yes(fields.get("tar"), true), name: names[0] };
    case "image":
      return { type, names, push: fields.has("push") && yes(fields.get("push"), true) };
    case "registry":
      return { type: "image", names, push: true };
    case "cacheonly":
      throw unsupported(
        "--output: dhow does not know type=cacheonly",
        "leave --output out: an image without a name costs nothing",
      );
    default:
      throw invalid(
        `invalid type ${JSON.stringify(type)} in --output`,
        "it is local, tar, oci, docker, image or registry",
      );
  }
}

/** A word alone counts as yes. */
function yes(value: string | undefined, otherwise: boolean): boolean {
  if (value === undefined) return otherwise;
  const flag = parseBoolean(value);
  if (flag === undefined) throw invalid(`invalid boolean ${JSON.stringify(value)} in --output`);
  return flag;
}

type Attestations = Pick<BuildResultRequest, "sbom" | "provenance">;

const attestRules: FieldRules = {
  flag: "--attest",
  keys: {
    type: "type",
    mode: "mode",
    disabled: "disabled",
    version: "version",
    "builder-id": "builder-id",
    generator: "generator",
  },
};

function readAttestations(flags: BuildFlags): Attestations {
  let found: Attestations = {
    sbom: flags.sbom !== undefined && readSbom(flags.sbom),
    provenance: flags.provenance === undefined ? undefined : readProvenance(flags.provenance),
  };
  for (const text of flags.attest) {
    const fields = parseFields(text, attestRules);
    const isOn = !(fields.has("disabled") && yes(fields.get("disabled"), true));
    const type = fields.need("type");
    if (type === "sbom") found = { ...found, sbom: isOn };
    else if (type === "provenance") found = { ...found, provenance: isOn ? modeOf(fields.get("mode")) : undefined };
    else throw invalid(`invalid type ${JSON.stringify(type)} in --attest`, "it is sbom or provenance");
  }
  return found;
}

function readSbom(text: string): boolean {
  const isWanted = parseBoolean(text);
  if (isWanted !== undefined) return isWanted;
  throw unsupported(
    `--sbom=${text}: dhow starts no scanner`,
    "--sbom without a value lists the packages that dhow finds itself",
  );
}

function readProvenance(text: string): "min" | "max" | undefined {
  const isWanted = parseBoolean(text);
  if (isWanted !== undefined) return isWanted ? "min" : undefined;
  return modeOf(parseFields(text, { ...attestRules, flag: "--provenance" }).get("mode"));
}

function modeOf(mode = "min"): "min" | "max" {
  if (mode === "min" || mode === "max") return mode;
  throw invalid(`invalid mode ${JSON.stringify(mode)} of the provenance`, "it is min or max");
}
