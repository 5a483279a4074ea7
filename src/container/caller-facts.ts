import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { hostname } from "node:os";
import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import { globTest } from "../model/filters.ts";
import { defaultNetwork } from "../network/plan.ts";
import { pickFreePort } from "../network/ports.ts";
import { type IdMap, readIdMap } from "../rootless/id-map.ts";
import { findSubordinateRanges } from "../rootless/subordinate-ids.ts";
import { currentUser } from "../rootless/user.ts";
import { hasJournal } from "../runtime/journal.ts";
import { childEnvironment } from "../system/environment.ts";
import { absolutePath } from "./config/environment.ts";
import type { CallerFacts, ConfiguredDefaults } from "./config/flags.ts";
import { readHostFacts, readLastCapability } from "./spec/host-facts.ts";

/**
 * The facts of the user who calls, read when they are asked for.
 * @param configured What configuration files say: `readConfigured` reads it. Only who makes containers needs it.
 */
export function callerFacts(
  engine: Pick<Engine, "containers" | "networks" | "warn">,
  configured: ConfiguredDefaults = {},
): CallerFacts {
  return {
    configured,
    cwd: process.cwd(),
    environment: childEnvironment(),
    readFile: (path) => readFileSync(path, "utf8"),
    pathKind,
    realPath: (path) => realpathSync(path),
    listDevices,
    get defaultNetwork() {
      return defaultNetwork();
    },
    get hostname() {
      return hostname();
    },
    networkName: (nameOrId) => engine.networks.get(nameOrId).name,
    get oomScoreAdj() {
      return readHostFacts().oomScoreAdj;
    },
    hasJournal,
    warn: (message) => engine.warn(message),
    pickPort: pickFreePort,
    get ids() {
      const { uid, gid } = currentUser();
      return { uid, gid, ...readIdMap() };
    },
    idsOfNamespace,
    userNamespaceOf: (id) => engine.containers.get(id).config.userns,
    subordinateRanges: (kind, name) => findSubordinateRanges(kind, { name, uid: Number.NaN }),
    passwdLineOf,
    mountsOf: (nameOrId) => engine.containers.get(nameOrId).config.mounts,
    expandGlob: (pattern) => expandGlob(absolutePath(pattern, process.cwd())),
    makeDirectory: (path) => void mkdirSync(absolutePath(path, process.cwd()), { recursive: true }),
    resolveContainer: (nameOrId) => engine.containers.get(nameOrId).id,
    get lastCapability() {
      return readLastCapability();
    },
  };
}

function pathKind(path: string): ReturnType<CallerFacts["pathKind"]> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return "absent";
  if (stat.isDirectory()) return "directory";
  return stat.isCharacterDevice() || stat.isBlockDevice() ? "device" : "file";
}

function listDevices(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isCharacterDevice() || entry.isBlockDevice())
    .map((entry) => `${entry.parentPath}/${entry.name}`);
}

/** Goes down part by part, as the shell does: `*`, `?` and `[...]` do not match slashes. */
function expandGlob(pattern: string): string[] {
  let found = [""];
  for (const part of pattern.split("/").filter(Boolean)) {
    if (!/[*?[\\]/.test(part)) {
      found = found.map((path) => `${path}/${part}`).filter((path) => existsSync(path));
      continue;
    }
    const fits = globTest(part);
    found = found.flatMap((path) =>
      namesIn(path || "/")
        .filter(fits)
        .map((name) => `${path}/${name}`),
    );
  }
  return found.filter(Boolean);
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}

/** The kernel tells them of a process: the path must be one of /proc/PID/ns/user. */
function idsOfNamespace(path: string): IdMap {
  const pid = /^\/proc\/(\d+)\/ns\/user$/.exec(path)?.[1];
  if (pid === undefined) {
    throw new DhowError(`cannot join the user namespace ${path}: only paths as /proc/PID/ns/user are possible`, {
      kind: "invalid-argument",
    });
  }
  try {
    return readIdMap(Number(pid));
  } catch (cause) {
    throw new DhowError(`cannot join the user namespace ${path}: there is no such process`, {
      kind: "invalid-argument",
      cause,
    });
  }
}

function passwdLineOf(nameOrUid: string): string | undefined {
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  return lines.find((line) => line.split(":", 3).some((field, index) => index !== 1 && field === nameOrUid));
}
