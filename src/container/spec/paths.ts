import type { ContainerConfig } from "../../model/container-config.ts";

/** Podman's lists of what a container must not see or change of the kernel's files. */
const maskedByDefault = [
  "/proc/acpi",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/sys/dev/block",
  "/sys/devices/virtual/powercap",
  "/sys/firmware",
  "/sys/fs/selinux",
];

const readOnlyByDefault = ["/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

export interface KernelPaths {
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
}

/** What is hidden and what is read-only, after --security-opt mask= and unmask=. */
export function kernelPaths(
  { security, privileged }: Pick<ContainerConfig, "security" | "privileged">,
  { hostSys }: { hostSys: boolean },
): KernelPaths {
  const given = security.mask.filter((path) => path.startsWith("/"));
  if (privileged) return { maskedPaths: given, readonlyPaths: [] };
  const hidden = hostSys ? [...maskedByDefault, "/sys/kernel"] : maskedByDefault;
  return {
    maskedPaths: [...hidden.filter((path) => !isUnmasked(path, security.unmask)), ...given],
    readonlyPaths: readOnlyByDefault.filter((path) => !isUnmasked(path, security.unmask)),
  };
}

function isUnmasked(path: string, unmask: readonly string[]): boolean {
  return unmask.some((pattern) => pattern.toLowerCase() === "all" || matches(pattern, path));
}

/** Patterns as of the shell, `*` within one part. */
function matches(pattern: string, path: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern === path;
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", "[^/]*")
    .replaceAll("?", "[^/]");
  return new RegExp(`^${escaped}$`).test(path);
}
