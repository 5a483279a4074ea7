import { isDeepStrictEqual } from "node:util";
import type { ContainerConfig } from "../../model/container-config.ts";
import type { ContainerDefaults } from "../../oci/image.ts";
import { parseSignal } from "../../oci/signal.ts";
import { readImageHealth } from "./health.ts";

/** The image that a container is to be made of. */
export interface NewBase {
  readonly id: string;
  /** As the user names it. */
  readonly name: string;
  readonly defaults: ContainerDefaults;
}

/**
 * The configuration of a container for another image, as if it had been asked for with that from the start: what came from
 * the old image comes from the new one, what the user asked for stays.
 */
export function rebaseConfig(config: ContainerConfig, { id, name, defaults }: NewBase): ContainerConfig {
  const old = config.imageDefaults;
  const choose = <T>(now: T, before: T | undefined, after: T | undefined, fallback: T): T =>
    isDeepStrictEqual(now, before ?? fallback) ? (after ?? fallback) : now;
  const entrypoint = choose(config.entrypoint, old.Entrypoint, defaults.Entrypoint, []);
  const command = choose(config.command, old.Cmd, defaults.Cmd, []);
  const signal = (image: ContainerDefaults) => parseSignal(image.StopSignal ?? "SIGTERM").name;
  return {
    ...config,
    ...{
      imageId: id,
      imageName: name,
      imageDefaults: defaults,
      entrypoint,
      command,
      argv: [...entrypoint, ...command],
    },
    env: rebaseEnvironment(config.env, old.Env ?? [], defaults.Env ?? []),
    user: choose(config.user, old.User, defaults.User, ""),
    workdir: choose(config.workdir, old.WorkingDir || undefined, defaults.WorkingDir || undefined, "/"),
    stopSignal: config.stopSignal === signal(old) ? signal(defaults) : config.stopSignal,
    labels: rebaseLabels(config.labels, old.Labels ?? {}, defaults.Labels ?? {}),
    exposedPorts: rebaseList(config.exposedPorts, portsOf(old), portsOf(defaults)),
    health: isDeepStrictEqual(config.health, readImageHealth(old.Healthcheck))
      ? readImageHealth(defaults.Healthcheck)
      : config.health,
  };
}

function rebaseEnvironment(now: readonly string[], before: readonly string[], after: readonly string[]): string[] {
  const nameOf = (entry: string) => entry.split("=", 1)[0] as string;
  const own = now.filter((entry) => !before.includes(entry));
  const ownNames = new Set(own.map(nameOf));
  return [...after.filter((entry) => !ownNames.has(nameOf(entry))), ...own];
}

type Labels = Readonly<Record<string, string>>;

function rebaseLabels(now: Labels, before: Labels, after: Labels): Labels {
  const own = Object.entries(now).filter(([key, value]) => before[key] !== value);
  return { ...after, ...Object.fromEntries(own) };
}

function rebaseList(now: readonly string[], before: readonly string[], after: readonly string[]): string[] {
  return [...new Set([...now.filter((item) => !before.includes(item)), ...after])];
}

function portsOf({ ExposedPorts = {} }: ContainerDefaults): string[] {
  return Object.keys(ExposedPorts).map((port) => (port.includes("/") ? port : `${port}/tcp`));
}
