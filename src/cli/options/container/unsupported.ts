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
  sdnotify: text("sd-notify behavior"),
} as const satisfies OptionTable;

/** Flags that stand for what dhow does anyway, and one that no kernel knows any more: it is warned of. */
export const acceptedOptions = {
  "kernel-memory": text("Limit of the kernel's memory, which the kernel has no more"),
  "disable-content-trust": toggle("Docker's image signing, which neither podman nor dhow has"),
} as const satisfies OptionTable;
