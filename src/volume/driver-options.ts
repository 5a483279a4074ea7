import { existsSync } from "node:fs";
import { DhowError } from "../errors.ts";
import type { VolumeMount, VolumeRecord } from "../storage/volumes.ts";

/** What the options of the driver `local` ask for. */
export interface DriverPlan extends Pick<VolumeRecord, "options" | "mount"> {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** Whether the first container may fill the volume. */
  readonly copies: boolean;
}

const knownKeys = ["device", "o", "type", "uid", "gid", "size", "inodes", "noquota", "copy", "nocopy"];

/** Options in `o` that are about the volume and not, or not only, about a mount. */
const ownOptions = ["uid", "gid", "size", "inodes", "noquota"];

/**
 * Reads the options of `volume create --opt`: `type`, `device` and `o` as of mount(8); `uid`, `gid`, `size` in `o`.
 * @throws {DhowError} `invalid-argument` for what is unknown or contradicts itself; `unsupported` for quotas.
 */
export function planDriverOptions(given: Readonly<Record<string, string>>): DriverPlan {
  for (const key of Object.keys(given)) {
    if (!knownKeys.includes(key.toLowerCase()))
      throw invalid(`invalid mount option ${key} for driver 'local': invalid argument`);
  }
  const list = (given.o ?? "").split(",").filter(Boolean);
  const own = readOwnOptions(list, given);
  const type = given.type ?? "";
  checkQuota(own, type);
  const mount = planMount(given, list, type);
  return {
    // As podman shows them: what is in `o` once more, in capitals.
    options: { ...given, ...shown(own) },
    mount,
    uid: readId("UID", own.uid),
    gid: readId("GID", own.gid),
    copies: !("nocopy" in given),
  };
}

type OwnOptions = Readonly<Partial<Record<string, string>>>;

function readOwnOptions(list: readonly string[], given: Readonly<Record<string, string>>): OwnOptions {
  const entries = [...Object.entries(given).map(([key, value]) => `${key}=${value}`), ...list].map((text) => {
    const equals = text.indexOf("=");
    const key = (equals < 0 ? text : text.slice(0, equals)).toLowerCase();
    return [key, equals < 0 ? "" : text.slice(equals + 1)] as const;
  });
  return Object.fromEntries(entries.filter(([key]) => ownOptions.includes(key)));
}

function shown(own: OwnOptions): Record<string, string> {
  return Object.fromEntries(
    Object.entries(own).map(([key, value]) => [key.toUpperCase(), key === "noquota" ? "true" : (value ?? "")]),
  );
}

function readId(name: "UID" | "GID", text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw invalid(`cannot convert ${name} ${text} to integer: invalid argument`);
}

function checkQuota({ size, inodes, noquota }: OwnOptions, type: string): void {
  if (size === undefined && inodes === undefined) return;
  if (noquota !== undefined) throw invalid("volume options size and inodes cannot be used without quota");
  if (type !== "tmpfs") {
    throw new DhowError("volume options size and inodes not supported. Filesystem does not support Project Quota", {
      kind: "unsupported",
      hint: "a user may set no quotas; a volume in memory has a size: --opt type=tmpfs",
    });
  }
  if (inodes !== undefined) throw invalid("volume option inodes not supported on tmpfs filesystem");
}

/** Nothing is mounted for a volume that has only an owner. */
function planMount(
  { device = "", o }: Readonly<Record<string, string>>,
  list: readonly string[],
  type: string,
): VolumeMount | undefined {
  const isBind =
    type === "bind" || ((type === "none" || type === "") && list.some((option) => /^r?bind$/.test(option)));
  // The owner of a bound folder is not ours to set by an option of mount(2); that of a tmpfs is.
  const options = list.filter((option) => type === "tmpfs" || !ownOptions.includes(option.split("=", 1)[0] ?? ""));
  if (type === "" && device === "" && options.length === 0) return undefined;
  if (isBind) return { type: undefined, device: checkDevice(device, type), options: withBind(options) };
  if (type === "" || type === "none") {
    throw invalid(
      `cannot mount the volume: the options ${JSON.stringify(o ?? "")} name no type`,
      "add --opt type=tmpfs, or o=bind",
    );
  }
  return { type, device: device === "" ? type : device, options };
}

function checkDevice(device: string, type: string): string {
  if (!device.startsWith("/"))
    throw invalid("invalid volume option device for driver 'local': it must be an absolute path");
  if (type === "bind" && !existsSync(device)) {
    throw invalid(`invalid volume option device for driver 'local': faccessat ${device}: no such file or directory`);
  }
  return device;
}

function withBind(options: readonly string[]): string[] {
  return options.some((option) => /^r?bind$/.test(option)) ? [...options] : ["bind", ...options];
}

function invalid(message: string, hint?: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument", ...(hint === undefined ? {} : { hint }) });
}
