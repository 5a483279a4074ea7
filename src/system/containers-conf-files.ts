import { existsSync, readdirSync, readFileSync } from "node:fs";
import { getVariable, homeDirectory } from "./environment.ts";

/** The containers.conf files that apply, those that win last. */
export function findContainersConf(): string[] {
  const named = getVariable("CONTAINERS_CONF");
  const home = homeDirectory();
  const config = getVariable("XDG_CONFIG_HOME") ?? (home === undefined ? undefined : `${home}/.config`);
  const folders = ["/usr/share", "/etc", ...(config === undefined ? [] : [config])];
  const usual = folders.flatMap((folder) => {
    const main = `${folder}/containers/containers.conf`;
    return [main, ...confFilesIn(`${main}.d`)];
  });
  const override = getVariable("CONTAINERS_CONF_OVERRIDE");
  return [...(named === undefined ? usual : [named]), ...(override === undefined ? [] : [override])].filter(existsSync);
}

/** Whether any of the files may set one of these keys: most machines have none, and need not load what parses them. */
export function mayBeConfigured(keys: readonly string[], files: readonly string[]): boolean {
  const key = `(?:${keys.join("|")})`;
  const pattern = new RegExp(`^[ \\t]*["']?${key}["']?[ \\t]*=|\\.${key}[ \\t]*=|[{,][ \\t]*${key}[ \\t]*=`, "m");
  return files.some((path) => pattern.test(textOf(path)));
}

/** "" for one that cannot be read: whoever parses it says so. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function confFilesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".conf"))
    .sort()
    .map((name) => `${folder}/${name}`);
}
