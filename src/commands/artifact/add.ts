import { defineCommand } from "../../cli/command.ts";
import { addArtifact } from "../../image/artifact/add.ts";
import { collectImageGarbage } from "../../image/remove.ts";
import { digestHex } from "../../oci/digest.ts";
import { readAnnotations } from "../manifest/options.ts";

export const add = defineCommand({
  usage: "[options] ARTIFACT FILE [FILE...]",
  summary: "Add an OCI artifact to the local store",
  description:
    "Makes an artifact of one or more files and stores it locally under the given name, or adds files to one that is there. The digest of the artifact is printed.",
  examples: [
    "dhow artifact add quay.io/myimage/myartifact:latest /tmp/foobar.txt",
    "dhow artifact add --file-type text/yaml quay.io/myimage/myartifact:latest /tmp/foobar.yaml",
    "dhow artifact add --append quay.io/myimage/myartifact:latest /tmp/foobar.tar.gz",
  ],
  options: {
    annotation: {
      type: "string",
      array: true,
      describe: "Set an annotation for the specified files of artifact",
      valueName: "annotation",
    },
    append: { type: "boolean", short: "a", describe: "Append files to an existing artifact" },
    "file-type": { type: "string", describe: "Set file type to use for the artifact (layer)" },
    replace: { type: "boolean", describe: "Replace an existing artifact" },
    type: { type: "string", describe: "Use type to describe an artifact" },
  },
  operands: { min: 2, complete: "files" },
  async run({ options, operands: [name = "", ...files] }, { engine, out }) {
    const digest = await addArtifact(engine, name, files, {
      append: options.append,
      replace: options.replace,
      annotations: readAnnotations(options.annotation),
      artifactType: options.type || undefined,
      fileType: options["file-type"] || undefined,
    });
    out.line(digestHex(digest));
    if (options.replace || options.append) collectImageGarbage(engine);
  },
});
