import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import type { ContainerConfig } from "../../model/container-config.ts";
import { zonePath } from "../config/process.ts";
import type { GeneratedFiles } from "./input.ts";
import type { UserDatabase } from "./user-database.ts";

/** Texts of the files that a container gets in place of its image's; undefined leaves the image's own. */
export interface FileContents {
  readonly hosts: string | undefined;
  readonly resolvConf: string | undefined;
  readonly hostname: string | undefined;
  readonly containerenv: string;
}

export interface FileOptions {
  /** `local` or the name of a zone. */
  readonly timezone: string | undefined;
  /** Run folder of the container whose network, and with it hosts and resolv.conf, this one shares. */
  readonly sharedWith: string | undefined;
}

/**
 * Writes the files into `files/` of the container's run folder, where the mounts of the spec find them. They are worth
 * nothing after a crash, so they are written plainly.
 */
export function writeContainerFiles(
  runDirectory: string,
  contents: FileContents,
  { timezone, sharedWith }: FileOptions,
): GeneratedFiles {
  const folder = filesFolder(runDirectory);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const write = (name: string, text: string | undefined) => {
    if (text === undefined) return undefined;
    const path = `${folder}/${name}`;
    writeFileSync(path, text, { mode: 0o644 });
    return path;
  };
  const shared = (name: string) => {
    const path = sharedWith === undefined ? "" : `${filesFolder(sharedWith)}/${name}`;
    return existsSync(path) ? path : undefined;
  };
  return {
    hosts: write("hosts", contents.hosts) ?? shared("hosts"),
    resolvConf: write("resolv.conf", contents.resolvConf) ?? shared("resolv.conf"),
    hostname: write("hostname", contents.hostname),
    containerenv: write("containerenv", contents.containerenv),
    localtime: timezone === undefined ? undefined : zoneFile(timezone),
  };
}

/** Writes what takes the place of the image's user database beside the other files. @returns Their paths. */
export function writeUserDatabase(runDirectory: string, { passwd, group }: UserDatabase): UserDatabase {
  const write = (name: string, text: string | undefined) => {
    if (text === undefined) return undefined;
    const path = `${filesFolder(runDirectory)}/${name}`;
    writeFileSync(path, text, { mode: 0o644 });
    return path;
  };
  return { passwd: write("passwd", passwd), group: write("group", group) };
}

function filesFolder(runDirectory: string): string {
  return `${runDirectory}/files`;
}

/** A host without a time zone of its own has UTC, as the image has. */
function zoneFile(timezone: string): string | undefined {
  if (timezone !== "local") return zonePath(timezone);
  return existsSync("/etc/localtime") ? "/etc/localtime" : undefined;
}

export interface ContainerIdentity {
  readonly id: string;
  readonly name: string;
  readonly rootless: boolean;
}

/** Content of /run/.containerenv: who the container is, for privileged ones; empty for others, as in podman. */
export function containerenvText(config: ContainerConfig, { id, name, rootless }: ContainerIdentity): string {
  if (!config.privileged) return "";
  const fields = { engine: "dhow", name, id, image: config.imageName, imageid: config.imageId };
  const lines = Object.entries(fields).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return [...lines, `rootless=${rootless ? 1 : 0}`, ""].join("\n");
}
