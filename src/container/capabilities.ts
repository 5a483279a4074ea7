import { DhowError } from "../errors.ts";

/** All capabilities of Linux, by number. */
export const capabilityNames = [
  "CHOWN",
  "DAC_OVERRIDE",
  "DAC_READ_SEARCH",
  "FOWNER",
  "FSETID",
  "KILL",
  "SETGID",
  "SETUID",
  "SETPCAP",
  "LINUX_IMMUTABLE",
  "NET_BIND_SERVICE",
  "NET_BROADCAST",
  "NET_ADMIN",
  "NET_RAW",
  "IPC_LOCK",
  "IPC_OWNER",
  "SYS_MODULE",
  "SYS_RAWIO",
  "SYS_CHROOT",
  "SYS_PTRACE",
  "SYS_PACCT",
  "SYS_ADMIN",
  "SYS_BOOT",
  "SYS_NICE",
  "SYS_RESOURCE",
  "SYS_TIME",
  "SYS_TTY_CONFIG",
  "MKNOD",
  "LEASE",
  "AUDIT_WRITE",
  "AUDIT_CONTROL",
  "SETFCAP",
  "MAC_OVERRIDE",
  "MAC_ADMIN",
  "SYSLOG",
  "WAKE_ALARM",
  "BLOCK_SUSPEND",
  "AUDIT_READ",
  "PERFMON",
  "BPF",
  "CHECKPOINT_RESTORE",
].map((name) => `CAP_${name}`);

/** What a container's root may do by default: podman's set. */
const defaultSet = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FOWNER",
  "CAP_FSETID",
  "CAP_KILL",
  "CAP_NET_BIND_SERVICE",
  "CAP_SETFCAP",
  "CAP_SETGID",
  "CAP_SETPCAP",
  "CAP_SETUID",
  "CAP_SYS_CHROOT",
];

/** The names of the capabilities that a kernel knows, given its highest number; sorted. */
export function kernelCapabilities(lastCapability: number): string[] {
  return capabilityNames.slice(0, lastCapability + 1).sort();
}

/**
 * Names in their canonical form: `CAP_NET_RAW` for `net_raw`; `ALL` stays.
 * @throws {DhowError} `invalid-argument` for an unknown one.
 */
export function normalizeCapabilities(given: readonly string[]): string[] {
  return given.map((text) => {
    const upper = text.toUpperCase();
    if (upper === "ALL") return upper;
    const name = upper.startsWith("CAP_") ? upper : `CAP_${upper}`;
    if (!capabilityNames.includes(name)) throw invalid(`${JSON.stringify(name)}: unknown capability`);
    return name;
  });
}

/**
 * The default set with additions and removals, sorted, limited to what the kernel knows.
 * @throws {DhowError} `invalid-argument` for contradictions.
 */
export function mergeCapabilities(add: readonly string[], drop: readonly string[], lastCapability: number): string[] {
  const known = kernelCapabilities(lastCapability);
  const added = normalizeCapabilities(add);
  const dropped = normalizeCapabilities(drop);
  if (dropped.includes("ALL")) {
    if (added.includes("ALL")) throw invalid("adding all caps and removing all caps not allowed");
    return known.filter((name) => added.includes(name));
  }
  if (added.includes("ALL")) return known.filter((name) => !dropped.includes(name));
  const both = added.find((name) => dropped.includes(name));
  if (both !== undefined) throw invalid(`capability ${JSON.stringify(both)} cannot be dropped and added`);
  return known.filter((name) => (defaultSet.includes(name) || added.includes(name)) && !dropped.includes(name));
}

/** The capabilities that were asked for by --cap-add: all that a user other than root gets. */
export function addedCapabilities(add: readonly string[], lastCapability: number): string[] {
  const added = normalizeCapabilities(add);
  return kernelCapabilities(lastCapability).filter((name) => added.includes("ALL") || added.includes(name));
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
