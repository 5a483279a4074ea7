import { parseFlags } from "../../../src/cli/flags.ts";
import { unsupportedOptions } from "../../../src/cli/options/container/unsupported.ts";
import { runOptions } from "../../../src/cli/options/container.ts";
import { buildContainerConfig } from "../../../src/container/config/build.ts";
import type { CallerFacts, ContainerFlags } from "../../../src/container/config/flags.ts";
import type { ContainerConfig } from "../../../src/model/container-config.ts";
import type { ContainerDefaults } from "../../../src/oci/image.ts";

/** A machine with a few files and ports counted up from 40000. */
export function fakeCaller(facts: Partial<CallerFacts> & { files?: Record<string, string> } = {}): CallerFacts {
  const files: Record<string, string> = {
    "/work/app": "<dir>",
    "/etc": "<dir>",
    "/dev/fuse": "<device>",
    ...facts.files,
  };
  let port = 40_000;
  return {
    cwd: "/work",
    environment: { HOME: "/home/u", PRE_A: "1", PRE_B: "2", EMPTY: "" },
    readFile: (path) => files[path] ?? "",
    pathKind(path) {
      const content = files[path];
      if (content === undefined) return "absent";
      if (content === "<dir>") return "directory";
      return content === "<device>" ? "device" : "file";
    },
    realPath: (path) => path,
    listDevices: (directory) => Object.keys(files).filter((path) => path.startsWith(`${directory}/`)),
    pickPort: () => port++,
    ids: {
      uid: 1000,
      gid: 1000,
      uids: [
        { containerId: 0, hostId: 1000, size: 1 },
        { containerId: 1, hostId: 100_000, size: 65_536 },
      ],
      gids: [
        { containerId: 0, hostId: 1000, size: 1 },
        { containerId: 1, hostId: 100_000, size: 65_536 },
      ],
    },
    idsOfNamespace: () => ({ uids: [], gids: [] }),
    configured: {},
    userNamespaceOf: () => ({ mode: "host" }),
    subordinateRanges: () => [{ start: 100_000, size: 65_536 }],
    passwdLineOf: (name) => (name === "1000" || name === "ana" ? "ana:x:1000:1000:Ana:/home/ana:/bin/bash" : undefined),
    mountsOf: () => [],
    expandGlob: () => [],
    makeDirectory: () => undefined,
    resolveContainer: (name) => `id-of-${name}`,
    lastCapability: 40,
    defaultNetwork: "pasta",
    hostname: "thehost",
    oomScoreAdj: 100,
    networkName: (name) => name,
    hasJournal: () => false,
    warn: () => undefined,
    ...facts,
  };
}

export interface CommandLineContext {
  readonly image?: ContainerDefaults;
  readonly caller?: CallerFacts;
}

/** The configuration that `run FLAGS IMAGE COMMAND` asks for; IMAGE is whatever follows the flags. */
export function configOf(
  argv: readonly string[],
  { image = { Cmd: ["sh"] }, caller = fakeCaller() }: CommandLineContext = {},
): ContainerConfig {
  const parsed = parseFlags({ options: runOptions, interspersed: false }, [...argv]);
  const [, ...command] = parsed.operands;
  return buildContainerConfig({
    flags: parsed.options as unknown as ContainerFlags & Record<string, unknown>,
    changed: (name) => parsed.changed.has(name),
    unsupported: Object.keys(unsupportedOptions),
    command,
    image: { id: "0123", name: "docker.io/library/alpine:latest", defaults: image },
    caller,
    createCommand: ["dhow", "run", ...argv],
  });
}
