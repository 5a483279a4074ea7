import { defineCommand, type OptionTable } from "../../cli/command.ts";
import { DhowError } from "../../errors.ts";
import { targetOptions } from "./targets.ts";

/** Podman's flags: they parse, so that the answer is about checkpoints and not about a flag. */
const sharedOptions = {
  ...targetOptions,
  all: { type: "boolean", short: "a", describe: "All containers" },
  "file-locks": { type: "boolean", describe: "Include file locks" },
  "ignore-rootfs": { type: "boolean", describe: "Leave changes of the root filesystem out" },
  "ignore-volumes": { type: "boolean", describe: "Leave volumes out" },
  keep: { type: "boolean", short: "k", describe: "Keep all temporary files" },
  "print-stats": { type: "boolean", describe: "Display statistics" },
  "tcp-established": { type: "boolean", describe: "Include established TCP connections" },
} as const satisfies OptionTable;

export const checkpoint = defineCommand({
  usage: "[options] CONTAINER [CONTAINER...]",
  summary: "Checkpoint one or more containers (not possible without root)",
  description: "Says why a container cannot be checkpointed: criu needs rights that no user namespace has.",
  options: {
    ...sharedOptions,
    compress: { type: "string", short: "c", describe: "Compression of the exported archive" },
    "create-image": { type: "string", describe: "Make an image of the checkpoint" },
    export: { type: "string", short: "e", describe: "Export the checkpoint to an archive" },
    "leave-running": { type: "boolean", short: "R", describe: "Leave the container running" },
    "pre-checkpoint": { type: "boolean", short: "P", describe: "Dump only the memory" },
    "with-previous": { type: "boolean", describe: "Use the previous pre-checkpoint" },
  },
  operands: { complete: "running-containers" },
  run() {
    throw impossible("checkpointing a container requires root");
  },
});

export const restore = defineCommand({
  usage: "[options] CONTAINER|IMAGE [CONTAINER|IMAGE...]",
  summary: "Restore containers from checkpoints (not possible without root)",
  description: "Says why a container cannot be restored: criu needs rights that no user namespace has.",
  options: {
    ...sharedOptions,
    "ignore-static-ip": { type: "boolean", describe: "Ignore the static address" },
    "ignore-static-mac": { type: "boolean", describe: "Ignore the static MAC address" },
    import: { type: "string", short: "i", describe: "Restore from an exported archive" },
    "import-previous": { type: "string", describe: "Restore from an exported pre-checkpoint" },
    name: { type: "string", short: "n", describe: "Name of the new container" },
    pod: { type: "string", describe: "Restore into a pod" },
    publish: { type: "string", array: true, short: "p", describe: "Publish ports" },
  },
  operands: { complete: "containers" },
  run() {
    throw impossible("restoring a container requires root");
  },
});

/** In podman's words. Root's own containers live in a user namespace, too. */
function impossible(message: string): DhowError {
  return new DhowError(message, {
    kind: "unsupported",
    hint: "criu cannot dump or restore processes from inside of a user namespace, in which all of dhow's containers live",
  });
}
