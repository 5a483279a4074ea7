import { accessSync, constants, statSync } from "node:fs";
import { DhowError } from "../errors.ts";
import { resolveInRoot } from "./spec/rootfs-path.ts";

const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Makes sure that a program can be invoked in a container. The runtime would find out as well, but it tells so in the
 * midst of the program's own stderr.
 *
 * @param root The container's root directory as seen from here.
 * @throws {DhowError} With podman's words: `not-found` and 127, or `permission-denied` and 126.
 */
export function checkCommand(
  root: string,
  { args, env, cwd }: { readonly args: readonly string[]; readonly env: readonly string[]; readonly cwd: string },
  runtimeName: string,
): void {
  const [name = ""] = args;
  if (name.includes("/")) {
    const path = resolveInRoot(root, name.startsWith("/") ? name : `${cwd}/${name}`);
    if (!statSync(path, { throwIfNoEntry: false })) throw notFound(runtimeName, name);
    if (isExecutable(path)) return;
    throw new DhowError(`${runtimeName}: open executable: Permission denied: OCI permission denied`, {
      kind: "permission-denied",
      exitCode: 126,
    });
  }
  const path = env.find((entry) => entry.startsWith("PATH="))?.slice("PATH=".length) ?? defaultPath;
  const folders = path.split(":").map((folder) => (folder === "" ? cwd : folder));
  if (!folders.some((folder) => isExecutable(resolveInRoot(root, `${folder}/${name}`))))
    throw notFound(runtimeName, name);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function notFound(runtimeName: string, name: string): DhowError {
  return new DhowError(
    `${runtimeName}: executable file \`${name}\` not found in $PATH: No such file or directory: OCI runtime attempted to invoke a command that was not found`,
    { kind: "not-found", exitCode: 127 },
  );
}
