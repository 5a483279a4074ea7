import type { OptionTable } from "../../command.ts";

/** What a build is made from. */
export const buildInputOptions = {
  file: {
    type: "string",
    array: true,
    short: "f",
    describe: "Containerfile: a path, an address, or - for stdin; several are read one after the other",
    valueName: "pathname or URL",
    complete: "files",
  },
  "build-context": {
    type: "string",
    array: true,
    describe: "Further place of files for COPY --from: NAME=DIRECTORY, an archive, an address or docker-image://IMAGE",
    valueName: "name=source",
  },
  ignorefile: { type: "string", describe: "File that is read instead of .dockerignore", complete: "files" },
  "cpp-flag": { type: "string", array: true, describe: "Flag of the C preprocessor, for Containerfile.in" },
  from: { type: "string", describe: "Image that stands in for the one of the first FROM" },
  target: { type: "string", describe: "Stage to build" },
  "build-arg": {
    type: "string",
    array: true,
    describe: "Value of an ARG; without =VALUE that of the environment",
    valueName: "argument=value",
  },
  "build-arg-file": {
    type: "string",
    array: true,
    describe: "File with lines of argument=value",
    complete: "files",
  },
  env: { type: "string", array: true, describe: "Set environment variables in the image", valueName: "env[=value]" },
  unsetenv: { type: "string", array: true, describe: "Leave environment variables of the base image out" },
  platform: {
    type: "string",
    array: true,
    describe: "Platform of the image; several make one manifest list",
    valueName: "os/arch[/variant][,...]",
  },
  arch: { type: "string", array: true, describe: "Architecture of the image, as arm64" },
  os: { type: "string", describe: "Operating system of the image" },
  variant: { type: "string", describe: "Variant of the architecture, as v7" },
  "skip-unused-stages": { type: "boolean", default: true, describe: "Leave out stages that the target does not need" },
  stdin: { type: "boolean", describe: "Steps read nothing from stdin; refused" },
} as const satisfies OptionTable;
