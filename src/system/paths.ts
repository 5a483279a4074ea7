import { DhowError } from "../errors.ts";
import { getVariable, homeDirectory } from "./environment.ts";

/** Where this user's dhow keeps its things. All are absolute and private to the user (mode 0700). docs/state-on-disk.md lists their content. */
export interface Paths {
  /** Images, layers, containers, volumes, the database. Survives a reboot. Global flag --root. */
  readonly data: string;
  /** Sockets, pid files, exit files, network namespaces. Worth nothing after a reboot. Global flag --runroot. */
  readonly run: string;
  readonly config: string;
  readonly cache: string;
}

/**
 * The folders by XDG and its fallbacks. The run folder is the one that the launcher or the rootless set-up chose.
 * @throws {DhowError} `invalid-argument` if there is no home directory to put them in.
 */
export function locatePaths(overrides: { data?: string; run?: string } = {}): Paths {
  const inHome = (variable: string, fallback: string) => {
    const base = getVariable(variable);
    if (base?.startsWith("/")) return `${base}/dhow`;
    return `${requireHome()}/${fallback}/dhow`;
  };
  return {
    data: overrides.data ?? inHome("XDG_DATA_HOME", ".local/share"),
    run: overrides.run ?? getVariable("DHOW_RUN_DIR") ?? `/tmp/dhow-${process.getuid?.()}`,
    config: inHome("XDG_CONFIG_HOME", ".config"),
    cache: inHome("XDG_CACHE_HOME", ".cache"),
  };
}

function requireHome(): string {
  const home = homeDirectory();
  if (!home?.startsWith("/")) {
    throw new DhowError("cannot find your home directory: HOME is not set", {
      kind: "invalid-argument",
      hint: "set HOME to a directory that you own, for example: export HOME=/home/$(id -un)",
    });
  }
  return home;
}
