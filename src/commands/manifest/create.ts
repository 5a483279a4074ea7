import { defineCommand } from "../../cli/command.ts";
import { createList } from "../../image/manifest-list/change.ts";
import { readAnnotations, readFindOptions, registryOptions } from "./options.ts";

export const create = defineCommand({
  usage: "[options] LIST [IMAGE...]",
  summary: "Create a manifest list or image index",
  description:
    "Creates a new manifest list and stores it locally under the given name. Images that are named are added to it: those of the store, else those of their registry.",
  examples: [
    "dhow manifest create mylist:v1.11",
    "dhow manifest create mylist:v1.11 arch-specific-image-to-add",
    "dhow manifest create --all mylist:v1.11 docker://registry.example.com/transition",
  ],
  options: {
    all: { type: "boolean", describe: "Add all of the lists' images if the images to add are lists" },
    amend: {
      type: "boolean",
      short: "a",
      describe: "Modify an existing list if one with the desired name already exists",
    },
    annotation: { type: "string", array: true, describe: "Set annotations on the new list", valueName: "value" },
    "tls-verify": registryOptions["tls-verify"],
  },
  operands: { min: 1, complete: "images" },
  async run({ options, operands: [name = "", ...images], changed }, { engine, out }) {
    const { id } = await createList(engine, name, images, {
      ...readFindOptions(options, changed("tls-verify")),
      amend: options.amend,
      annotations: readAnnotations(options.annotation),
    });
    out.line(id);
  },
});
