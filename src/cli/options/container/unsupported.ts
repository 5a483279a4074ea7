import type { OptionSpec, OptionTable } from "../../command.ts";

/**
 * Flags of podman that dhow knows and refuses: they parse, so that the answer names them, and container/config refuses
 * them. They are hidden from help and completion.
 */
const text = (describe: string): OptionSpec => ({ type: "string", array: true, hidden: true, describe });
const toggle = (describe: string): OptionSpec => ({ type: "boolean", hidden: true, describe });

export const unsupportedOptions = {
  "cpu-rt-period": text("Limit the CPU real-time period"),
  "cpu-rt-runtime": text("Limit the CPU real-time runtime"),
  "decryption-key": text("Key needed to decrypt the image"),
  "device-cgroup-rule": text("Add a rule to the cgroup allowed devices list"),
  "link-local-ip": text("Link-local address"),
  "memory-swappiness": text("Container memory swappiness"),
  "oom-kill-disable": toggle("Disable OOM Killer"),
  "rdt-class": text("Intel RDT class of service"),
  rootfs: toggle("The first argument is the root filesystem of an exploded container"),
  sdnotify: text("sd-notify behavior"),
} as const satisfies OptionTable;

/** Flags that stand for what dhow does anyway. */
export const acceptedOptions = {
  "disable-content-trust": toggle("Docker's image signing, which neither podman nor dhow has"),
} as const satisfies OptionTable;
