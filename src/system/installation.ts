import { existsSync } from "node:fs";
import { dirname } from "node:path";

/**
 * The absolute path of a file that comes with dhow, as `libexec/on-exit`: below the package's folder, whether this code
 * runs bundled or from its sources.
 */
export function installationFile(name: string): string {
  packageFolder ??= findPackageFolder();
  return `${packageFolder}/${name}`;
}
let packageFolder: string | undefined;

function findPackageFolder(): string {
  let folder = import.meta.dirname;
  while (folder !== "/" && !existsSync(`${folder}/bin/dhow`)) folder = dirname(folder);
  return folder;
}
