import { defineCommand } from "../../cli/command.ts";
import { DhowError } from "../../errors.ts";
import { annotateEntry, annotateIndex } from "../../image/manifest-list/change.ts";
import { entryOptions, readAnnotations, readEntryChange, readFindOptions } from "./options.ts";

const entryFlags = ["arch", "features", "os", "os-features", "os-version", "variant"] as const;

export const annotate = defineCommand({
  usage: "[options] LIST IMAGEORARTIFACT",
  summary: "Add or update information about an entry in a manifest list or image index",
  description:
    "Adds or updates information about an image or artifact in a manifest list, or with --index about the list itself. The entry is given by its digest, by the name of its image, or by the name of a file of its artifact.",
  examples: ["dhow manifest annotate --annotation left=right mylist:v1.11 sha256:15352d97781ffdf357bf3459c037be3e..."],
  options: {
    ...entryOptions,
    index: { type: "boolean", describe: "Apply --annotation values to the image index itself" },
    "os-features": {
      type: "string",
      array: true,
      describe: "Override the OS features of the specified image or artifact",
    },
    subject: { type: "string", describe: "Set the subject to which the image index refers" },
  },
  operands: { min: 1, max: 2, complete: "images" },
  async run({ options, operands: [list = "", entry], changed }, { engine, out }) {
    const find = readFindOptions({ "tls-verify": true }, false);
    const { subject } = options;
    if (!options.index && subject === undefined) {
      if (entry === undefined) throw invalid("expected an instance digest, image name, or artifact name");
      out.line((await annotateEntry(engine, { list, entry }, readEntryChange(options), find)).id);
      return;
    }
    if (entry !== undefined) {
      throw invalid(`did not expect image or artifact name ${JSON.stringify(entry)} when modifying the entire index`);
    }
    const misplaced = entryFlags.find((name) => changed(name));
    if (misplaced) throw invalid(`setting --${misplaced} on an item in a manifest list requires an instance digest`);
    const change = { annotations: readAnnotations(options.annotation), subject };
    out.line((await annotateIndex(engine, list, change, find)).id);
  },
});

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
