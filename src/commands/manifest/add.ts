import { defineCommand, type OptionTable } from "../../cli/command.ts";
import type { Engine } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import { addToList } from "../../image/manifest-list/change.ts";
import type { EntryChange, FindOptions } from "../../image/manifest-list/content.ts";
import { entryOptions, readEntryChange, readFindOptions, registryOptions } from "./options.ts";

const artifactOptions = {
  artifact: { type: "boolean", describe: "Add all arguments as artifact files rather than as images" },
  "artifact-config": { type: "string", describe: "Artifact configuration file", complete: "files" },
  "artifact-config-type": { type: "string", describe: "Artifact configuration media type" },
  "artifact-exclude-titles": {
    type: "boolean",
    describe: 'Refrain from setting "org.opencontainers.image.title" annotations on "layers"',
  },
  "artifact-layer-type": { type: "string", describe: "Artifact layer media type" },
  "artifact-subject": { type: "string", describe: "Artifact subject reference" },
  "artifact-type": { type: "string", describe: "Override the artifactType value" },
} as const satisfies OptionTable;

type ArtifactFlag = keyof typeof artifactOptions;

export const add = defineCommand({
  usage: "[options] LIST IMAGEORARTIFACT [IMAGEORARTIFACT...]",
  summary: "Add images or artifacts to a manifest list or image index",
  description:
    "Adds images of the store or, with docker:// in front or when they are not stored, of a registry to a manifest list; also those of archives and folders (oci:, oci-archive:, docker-archive:, dir:), which are stored for it. With --artifact, makes an artifact of files and adds that.",
  examples: [
    "dhow manifest add mylist:v1.11 image:v1.11-amd64",
    "dhow manifest add mylist:v1.11 docker://registry.example.com/transition",
  ],
  options: {
    ...entryOptions,
    ...registryOptions,
    ...artifactOptions,
    all: { type: "boolean", describe: "Add all of the list's images if the image is a list" },
  },
  operands: { min: 2, complete: "images" },
  async run({ options, operands: [list = "", ...targets], changed }, { engine, out }) {
    const find = readFindOptions(options, changed("tls-verify"));
    const change = readEntryChange(options);
    if (options.artifact) {
      out.line(await addArtifact(engine, { list, files: targets, options, change, find }));
      return;
    }
    const given = (Object.keys(artifactOptions) as ArtifactFlag[]).filter((name) => changed(name));
    if (given.length > 0) {
      const verb = given.length === 1 ? "requires" : "require";
      throw new DhowError(`${given.map((name) => `--${name}`).join("/")} ${verb} --artifact`, {
        kind: "invalid-argument",
      });
    }
    for (const target of targets) await addToList(engine, list, target, { ...find, change });
    out.line(engine.manifestLists.get(list).id);
  },
});

interface ArtifactRequest {
  readonly list: string;
  readonly files: readonly string[];
  readonly options: Readonly<
    Record<Exclude<ArtifactFlag, "artifact" | "artifact-exclude-titles">, string | undefined>
  > & { readonly "artifact-exclude-titles": boolean };
  readonly change: EntryChange;
  readonly find: FindOptions;
}

async function addArtifact(engine: Engine, { list, files, options, change, find }: ArtifactRequest): Promise<string> {
  const { addArtifactToList } = await import("../../image/manifest-list/add-artifact.ts");
  const { id } = await addArtifactToList(engine, list, files, {
    artifactType: options["artifact-type"],
    configFile: options["artifact-config"],
    configType: options["artifact-config-type"],
    layerType: options["artifact-layer-type"],
    excludeTitles: options["artifact-exclude-titles"],
    subject: options["artifact-subject"],
    change,
    find,
  });
  return id;
}
