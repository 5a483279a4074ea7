import type { OptionTable } from "../../command.ts";

/** What the image is like. */
export const buildImageOptions = {
  tag: {
    type: "string",
    array: true,
    short: "t",
    describe: "Name of the image; may be given several times",
    valueName: "name",
  },
  manifest: {
    type: "string",
    describe: "Manifest list that the image joins; made if there is none",
    valueName: "name",
  },
  label: { type: "string", array: true, describe: "Set metadata for the image", valueName: "label=value" },
  "layer-label": {
    type: "string",
    array: true,
    describe: "Set metadata for intermediate images",
    valueName: "label[=value]",
  },
  unsetlabel: { type: "string", array: true, describe: "Leave labels of the base image out" },
  "inherit-labels": { type: "boolean", default: true, describe: "Keep the labels of the base image" },
  "identity-label": { type: "boolean", default: true, describe: "Add the label io.dhow.version" },
  annotation: {
    type: "string",
    array: true,
    describe: "Set an annotation of the image",
    valueName: "annotation=value",
  },
  unsetannotation: { type: "string", array: true, describe: "Leave annotations of the base image out" },
  "inherit-annotations": { type: "boolean", default: true, describe: "Keep the annotations of the base image" },
  format: { type: "string", describe: "Format of manifest and config: oci (the default) or docker" },
  timestamp: {
    type: "number",
    describe: "Time of image and files, in seconds since 1970: the same input gives the same digest",
    valueName: "seconds",
  },
  "source-date-epoch": {
    type: "number",
    describe: "Time of image and history, in seconds since 1970; also $SOURCE_DATE_EPOCH",
    valueName: "seconds",
  },
  "rewrite-timestamp": { type: "boolean", describe: "With --source-date-epoch: no file of new layers is younger" },
  "omit-history": { type: "boolean", describe: "Leave the history of the steps out of the image" },
  "os-version": { type: "string", describe: "Version of the operating system that the image needs" },
  "os-feature": { type: "string", array: true, describe: "Feature of the operating system that the image needs" },
  layers: {
    type: "boolean",
    default: true,
    describe: "Keep the result of each step, for later builds; also $BUILDAH_LAYERS",
  },
  squash: { type: "boolean", describe: "One layer for all steps" },
  "squash-all": { type: "boolean", describe: "One layer for everything, the base image included" },
  "save-stages": { type: "boolean", describe: "Keep an image of every stage" },
  sbom: {
    type: "string",
    valueIfBare: "true",
    describe: "Add a list of the software in the image (SPDX)",
    valueName: "true|false",
  },
  provenance: {
    type: "string",
    valueIfBare: "true",
    describe: "Add a record of how the image was made",
    valueName: "true|false|mode=min|max",
  },
  attest: { type: "string", array: true, describe: "The same in buildx's words: type=sbom, type=provenance,mode=max" },
} as const satisfies OptionTable;
