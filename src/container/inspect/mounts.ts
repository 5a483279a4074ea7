import type { Engine } from "../../engine.ts";
import type { MountConfig } from "../../model/container-config.ts";

type MountEngine = Pick<Engine, "volumes">;

/** The part `Mounts` of `inspect`: volumes first, then images and folders of the host; tmpfs is in `HostConfig.Tmpfs`. */
export function inspectMounts(engine: MountEngine, mounts: readonly MountConfig[]): object[] {
  const of = (type: MountConfig["type"]) => mounts.filter((mount) => mount.type === type);
  return [
    ...of("volume").map((mount) => inspectVolume(engine, mount)),
    ...of("image").map((mount) => ({ Type: "image", ...shown(mount), Source: mount.source ?? "" })),
    ...of("bind").map((mount) => ({ Type: "bind", ...shown(mount) })),
    ...of("devpts").map((mount) => ({ Type: "bind", ...shown(mount), Source: "devpts" })),
  ];
}

function inspectVolume({ volumes }: MountEngine, mount: MountConfig): object {
  const { source: name = "" } = mount;
  return { Type: "volume", Name: name, ...shown(mount), Source: volumes.dataDirectory(name), Driver: "local" };
}

function shown({ source, destination, options, subpath }: MountConfig) {
  return {
    Source: source ?? "",
    Destination: destination,
    Driver: "",
    Mode: "",
    Options: options.filter((option) => option !== "ro" && option !== "rw" && !isPropagation(option)),
    RW: !options.includes("ro"),
    Propagation: options.find(isPropagation) ?? "rprivate",
    ...(subpath === undefined ? {} : { SubPath: subpath }),
  };
}

function isPropagation(option: string): boolean {
  return /^r?(?:private|shared|slave|unbindable)$/.test(option);
}
