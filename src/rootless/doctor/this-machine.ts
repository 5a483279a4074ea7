import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { ensurePrivateDirectory } from "../../system/files.ts";
import { libc } from "../../system/libc.ts";
import { locatePaths } from "../../system/paths.ts";
import { findProgram, tryRun } from "../../system/process.ts";
import { chooseCgroupManager } from "../cgroup.ts";
import { findObstacle } from "../diagnose.ts";
import { isInNamespace } from "../enter.ts";
import { countIds, readIdMap } from "../id-map.ts";
import { writeIdMap } from "../map-ids.ts";
import { newNamespaces, startPause } from "../pause.ts";
import { planIds } from "../plan-ids.ts";
import { isRecordAlive, readRecord } from "../record.ts";
import { makeRunDirectory } from "../run-directory.ts";
import { findSubordinateRanges, readSubordinateFile, type SubordinateKind } from "../subordinate-ids.ts";
import { currentUser } from "../user.ts";
import type { Machine, MountInfo } from "./check.ts";
import { packageManagerOf } from "./packages.ts";

/** The machine that dhow runs on. */
export function thisMachine(cgroupManager: string | undefined): Machine {
  const user = currentUser();
  return {
    uid: user.uid,
    userName: user.name,
    packageManager: packageManagerOf(read("/etc/os-release")),
    node: { version: process.version.slice(1), path: process.execPath },
    find: findProgram,
    firstLine: (argv) => {
      const { exitCode, stdout } = tryRun(argv);
      return exitCode === 0 ? (stdout.split("\n")[0] ?? "") : "";
    },
    read,
    exists: existsSync,
    isUsable,
    isPrivileged,
    obstacle: findObstacle,
    ranges: (kind) => withoutFailure(() => findSubordinateRanges(kind, user)),
    entries: (kind: SubordinateKind) => withoutFailure(() => readSubordinateFile(kind)),
    cgroups: () => chooseCgroupManager(cgroupManager),
    tryNamespace,
    currentIds: () => (isInNamespace() ? countIds(readIdMap().uids) : undefined),
    tryOverlay,
    dataFolder,
    runFolder,
    mountOf,
    loadSystemCalls: () => void libc(),
  };
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** A file that cannot be read has no entries for us; newuidmap fails then, and another check says so. */
function withoutFailure<T>(list: () => readonly T[]): readonly T[] {
  try {
    return list();
  } catch {
    return [];
  }
}

function isUsable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function isPrivileged(path: string): boolean {
  const { mode } = statSync(path);
  if ((mode & 0o4000) !== 0) return true;
  try {
    return libc().getXattr(path, "security.capability") !== undefined;
  } catch {
    return false;
  }
}

async function tryNamespace(): Promise<{ ids: number } | { failure: string }> {
  if (isInNamespace()) return { ids: countIds(readIdMap().uids) };
  try {
    const { map } = planIds();
    const pause = await startPause({
      entry: newNamespaces,
      mapIds: (pid) => writeIdMap(pid, map),
      arrangeMounts: true,
    });
    process.kill(pause.identity.pid, "SIGKILL");
    return { ids: countIds(map.uids) };
  } catch (error) {
    const { message, cause } = error as Error;
    return { failure: cause instanceof Error ? `${message}: ${cause.message}` : message };
  }
}

/**
 * With the options that containers are mounted with, and removes a file of the lower layer to see whiteouts work. The
 * kernel leaves a folder in `work` that only root of the namespace can remove.
 */
const overlayProbe = `
: >lower/file
mount -t overlay -o userxattr,lowerdir=lower,upperdir=upper,workdir=work overlay merged && rm merged/file
status=$?
umount merged 2>/dev/null
rm -rf work
exit $status`;

function tryOverlay(): string | undefined {
  const folder = mkdtempSync(`${dataFolder()}/overlay-probe-`);
  try {
    for (const name of ["lower", "upper", "work", "merged"]) mkdirSync(`${folder}/${name}`);
    const unshare = ["unshare", "--user", "--map-root-user", "--mount", "/bin/sh", "-c", overlayProbe] as const;
    const { exitCode, stderr } = tryRun(unshare, { cwd: folder });
    return exitCode === 0 ? undefined : stderr.trim().split("\n")[0] || `exit status ${exitCode}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function dataFolder(): string {
  const { data } = locatePaths();
  ensurePrivateDirectory(data);
  accessSync(data, constants.W_OK | constants.X_OK);
  return data;
}

function runFolder(): string {
  const record = readRecord(locatePaths().data);
  return record && isRecordAlive(record) ? record.runDirectory : makeRunDirectory();
}

function mountOf(path: string): MountInfo {
  let best = { point: "", type: "unknown", options: [] as string[] };
  for (const line of (read("/proc/self/mountinfo") ?? "").split("\n")) {
    const [before = "", after = ""] = line.split(" - ");
    const [, , , , point = "", options = ""] = before.split(" ");
    const isAbove = path === point || path.startsWith(point === "/" ? "/" : `${point}/`);
    if (point !== "" && isAbove && point.length >= best.point.length) {
      best = { point, type: after.split(" ")[0] ?? "unknown", options: options.split(",") };
    }
  }
  return best;
}
