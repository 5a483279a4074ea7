import { defineCommand } from "../../cli/command.ts";
import { extractArtifact } from "../../image/artifact/extract.ts";

export const extract = defineCommand({
  usage: "[options] ARTIFACT PATH",
  summary: "Extract an OCI artifact to a local path",
  description:
    "Copies the files of an artifact into a folder, under their titles, or its only file (or the one that is chosen) to a file. What is there is replaced.",
  examples: [
    "dhow artifact extract quay.io/myimage/myartifact:latest /tmp/foobar.txt",
    "dhow artifact extract quay.io/myimage/myartifact:latest /home/paul/mydir",
  ],
  options: {
    digest: { type: "string", describe: "Only extract blob with the given digest", valueName: "digest" },
    title: { type: "string", describe: "Only extract blob with the given title", valueName: "title" },
  },
  operands: { min: 2, max: 2, complete: "artifacts" },
  async run({ options, operands: [name = "", target = ""] }, { engine }) {
    await extractArtifact(engine, name, target, {
      digest: options.digest || undefined,
      title: options.title || undefined,
    });
  },
});
