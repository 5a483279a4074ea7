import type { MountConfig } from "../../model/container-config.ts";
import type { CallerFacts } from "./flags.ts";
import { cut, invalid } from "./values.ts";

/** The bind mounts and volumes of other containers: `CONTAINER[:ro|rw|z]`. */
export function volumesFrom(entries: readonly string[], caller: CallerFacts): MountConfig[] {
  return entries.flatMap((entry) => {
    const [container, text] = cut(entry, ":");
    const access = readOptions(text);
    return caller
      .mountsOf(container)
      .filter(({ type }) => type === "bind" || type === "volume")
      .map((mount) => ({ ...mount, options: withAccess(mount.options, access) }));
  });
}

function readOptions(text: string | undefined): "ro" | "rw" | undefined {
  const options = text === undefined ? [] : text.split(",");
  const access = options.filter((option) => option === "ro" || option === "rw");
  const wrong = options.find((option) => !["ro", "rw", "z"].includes(option));
  if (wrong !== undefined) {
    throw invalid(
      `invalid option ${JSON.stringify(wrong)} specified - volumes from another container can only use z,ro,rw options`,
    );
  }
  if (access.length > 1) throw invalid("cannot set ro or rw options more than once");
  if (options.length - access.length > 1) throw invalid("cannot set :z more than once in mount options");
  return access[0];
}

function withAccess(options: readonly string[], access: "ro" | "rw" | undefined): readonly string[] {
  return access === undefined ? options : [access, ...options.filter((option) => option !== "ro" && option !== "rw")];
}
