import { existsSync } from "node:fs";

const folders = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"];

/** The first of these programs that is installed. */
export function findProgram(...names: readonly string[]): string | undefined {
  return names.flatMap((name) => folders.map((folder) => `${folder}/${name}`)).find((path) => existsSync(path));
}
