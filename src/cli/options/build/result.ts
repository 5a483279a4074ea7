import type { OptionTable } from "../../command.ts";
import { imageOptions } from "../container/image.ts";
import { registryOptions } from "../registry.ts";

/** Where the result goes, what is kept for later builds, and what is shown. */
export const buildResultOptions = {
  output: {
    type: "string",
    array: true,
    short: "o",
    describe: "Where the result goes: a directory, - (an archive on stdout), type=local|tar|oci|docker|image,dest=PATH",
    complete: "files",
  },
  load: { type: "boolean", describe: "Store the image, which is done without it, too" },
  push: { type: "boolean", describe: "Push the image to the registries of its names" },
  iidfile: { type: "string", describe: "File that gets the image's ID", complete: "files" },
  "iidfile-raw": {
    type: "string",
    describe: "File that gets the image's ID without sha256: in front",
    complete: "files",
  },
  "metadata-file": {
    type: "string",
    describe: "File that gets what is known of the result, as JSON",
    complete: "files",
  },
  quiet: { type: "boolean", short: "q", describe: "Print nothing but the image's ID" },
  progress: {
    type: "string",
    default: "auto",
    choices: ["auto", "plain", "tty", "rawjson", "quiet", "none"],
    describe: "How the build is shown (auto, plain, tty, rawjson, quiet)",
  },
  logfile: { type: "string", describe: "File that gets what would be shown", complete: "files" },
  check: { type: "boolean", describe: "Build nothing, check the Containerfile" },
  call: {
    type: "string",
    default: "build",
    choices: ["build", "check", "targets"],
    describe: "What to do (build, check, targets)",
  },
  "no-cache": { type: "boolean", describe: "Use no results of earlier builds" },
  "no-cache-filter": {
    type: "string",
    array: true,
    describe: "Stages that use no results of earlier builds",
    valueName: "stages",
  },
  "cache-from": {
    type: "string",
    array: true,
    describe: "Results of earlier builds elsewhere: a repository, type=registry,ref=NAME or type=local,src=DIRECTORY",
  },
  "cache-to": {
    type: "string",
    array: true,
    describe:
      "Where results are kept for others: a repository, type=registry, type=local,dest=DIRECTORY or type=inline",
  },
  "cache-ttl": { type: "string", describe: "Use no results that are older", valueName: "duration" },
  // As with Docker, the word alone means always.
  pull: { ...imageOptions.pull, valueIfBare: "always" },
  "pull-always": { type: "boolean", describe: "Pull images even if they are stored" },
  "pull-never": { type: "boolean", describe: "Pull no images" },
  ...registryOptions,
} as const satisfies OptionTable;
