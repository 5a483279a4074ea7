import type { ContainerConfig, MountConfig } from "../model/container-config.ts";
import type { ContainerDefaults } from "../oci/image.ts";

/** Variables that every container gets from the engine: they are no part of what it is made of. */
const engineVariables = ["container", "HOSTNAME"];

/** What an image made of a container gives to containers made from it: the image's config with what the container was given. */
export function committedConfig(
  config: ContainerConfig,
  { includesVolumes }: { readonly includesVolumes: boolean },
): ContainerDefaults {
  const { imageDefaults, entrypoint, command, env, user, workdir, labels } = config;
  const ports = [...config.exposedPorts, ...config.network.ports.map(portName)];
  const volumes = config.mounts.filter((mount) => isVolume(mount, includesVolumes));
  const { Entrypoint: _entrypoint, Cmd: _cmd, ...kept } = imageDefaults;
  return withoutEmpty({
    ...kept,
    ...(entrypoint.length > 0 ? { Entrypoint: entrypoint } : {}),
    ...(command.length > 0 ? { Cmd: command } : {}),
    Env: env.filter((entry) => isOwnVariable(entry, imageDefaults.Env ?? [])),
    ...(user === "" ? {} : { User: user }),
    WorkingDir: workdir,
    Labels: { ...imageDefaults.Labels, ...labels },
    ExposedPorts: { ...imageDefaults.ExposedPorts, ...toSet(ports) },
    Volumes: { ...imageDefaults.Volumes, ...toSet(volumes.map(({ destination }) => destination)) },
  });
}

/** What the user has mounted and what outlives the container; without being asked, only the volumes that are its own. */
function isVolume({ type, anonymous, fromImage }: MountConfig, includesVolumes: boolean): boolean {
  if (fromImage) return false;
  return includesVolumes ? type === "bind" || type === "volume" : anonymous === true;
}

function isOwnVariable(entry: string, imageEnv: readonly string[]): boolean {
  return imageEnv.includes(entry) || !engineVariables.includes(entry.split("=", 1)[0] ?? "");
}

function portName({ containerPort, protocol }: ContainerConfig["network"]["ports"][number]): string {
  return `${containerPort}/${protocol}`;
}

function toSet(names: readonly string[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, {}]));
}

/** Lays a config over another: single values and command lines replace, lists and maps add. */
export function mergeDefaults(config: ContainerDefaults, over: ContainerDefaults | undefined): ContainerDefaults {
  if (over === undefined) return config;
  const { Entrypoint, Cmd, Env, ExposedPorts, Volumes, Labels, ...single } = withoutEmpty(over);
  const replacesCommand = Entrypoint !== undefined || Cmd !== undefined;
  const { Entrypoint: oldEntrypoint, Cmd: oldCmd, ...base } = config;
  return withoutEmpty({
    ...base,
    ...single,
    ...(replacesCommand ? { Entrypoint, Cmd } : { Entrypoint: oldEntrypoint, Cmd: oldCmd }),
    Env: mergeEnv(config.Env ?? [], Env ?? []),
    ExposedPorts: { ...config.ExposedPorts, ...ExposedPorts },
    Volumes: { ...config.Volumes, ...Volumes },
    Labels: { ...config.Labels, ...Labels },
  });
}

function mergeEnv(base: readonly string[], more: readonly string[]): string[] {
  const entries = [...base, ...more].map((entry) => [entry.split("=", 1)[0] ?? "", entry] as const);
  return [...new Map(entries).values()];
}

/** Without what says nothing: "", lists and maps without elements. */
function withoutEmpty(config: object): ContainerDefaults {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
