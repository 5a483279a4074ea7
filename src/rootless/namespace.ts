import { DhowError, errnoOf } from "../errors.ts";
import { childEnvironment, getVariable, homeDirectory } from "../system/environment.ts";
import { ensurePrivateDirectory } from "../system/files.ts";
import { locatePaths } from "../system/paths.ts";
import { findProgram } from "../system/process.ts";
import { explainFailure } from "./diagnose.ts";
import type { Warn } from "./enter.ts";
import { lockFile } from "./file-lock.ts";
import { readIdMap } from "./id-map.ts";
import { writeIdMap } from "./map-ids.ts";
import { newNamespaces, type PreparedPause, type StayOptions, startPause } from "./pause.ts";
import { type IdPlan, planIds, planOneId, warnOnce } from "./plan-ids.ts";
import {
  isRecordAlive,
  type NamespaceRecord,
  readRecord,
  recordDirectory,
  recordPaths,
  removeOldRecords,
  userNamespaceOf,
  writeDraft,
} from "./record.ts";
import { findSurvivor } from "./recover.ts";
import { isPrivate, makeRunDirectory } from "./run-directory.ts";
import { moveToScope } from "./scope.ts";

/** Finds or makes the user's namespaces and starts this program again inside of them. Never returns. */
export async function enterNamespace(warn: Warn): Promise<never> {
  return startAgainInside(await findOrMakeNamespace(warn));
}

/**
 * The user's namespaces: the ones that exist, else those that a container keeps alive, else new ones. However many
 * processes ask at once, one makes them.
 */
export async function findOrMakeNamespace(warn: Warn): Promise<NamespaceRecord> {
  const { data } = locatePaths();
  const found = readRecord(data);
  if (found && isRecordAlive(found)) return found;
  prepareDataDirectory(data);
  using lock = await lockFile(`${recordDirectory(data)}/lock`);
  const last = readRecord(data);
  if (last && isRecordAlive(last)) return last;

  const uid = process.geteuid?.() ?? 0;
  const runDirectory = last && isPrivate(last.runDirectory, uid) ? last.runDirectory : makeRunDirectory();
  const stay = { ...recordPaths(data), lock: lock.fd, runDirectory };
  const pause = (await revive(last, stay)) ?? (await makeNew({ data, stay, warn }));
  const userNamespace = userNamespaceOf(pause.identity.pid) ?? "";
  const record = { pause: pause.identity, runDirectory, userNamespace };
  writeDraft(data, record);
  await pause.commit();
  moveToScope(pause.identity.pid);
  removeOldRecords(data, new Date());
  return record;
}

function prepareDataDirectory(data: string): void {
  try {
    ensurePrivateDirectory(data);
  } catch (cause) {
    if (cause instanceof DhowError) throw cause;
    throw new DhowError(`cannot make the data folder ${data}`, {
      kind: "permission-denied",
      cause,
      hint: "set HOME or XDG_DATA_HOME to a folder that you can write to",
    });
  }
}

/** A new pause process in the namespaces of the last record, if a process keeps them alive: this one or a container's. */
async function revive(last: NamespaceRecord | undefined, stay: StayOptions): Promise<PreparedPause | undefined> {
  if (last && userNamespaceOf("self") === last.userNamespace)
    return startPause({ entry: [], arrangeMounts: false, stay });
  const survivor = findSurvivor({ runDirectory: stay.runDirectory, known: last?.userNamespace });
  if (!survivor) return undefined;
  const enterUser = [nsenterPath(), "-t", String(survivor.pid), "-U", "--preserve-credentials"];
  const options =
    survivor.kind === "monitor"
      ? { entry: [...enterUser, "-m"], arrangeMounts: false }
      : { entry: [...enterUser, "unshare", "--mount", "--propagation", "slave"], arrangeMounts: true };
  // It may end at this very moment; then there is nothing left to revive.
  return startPause({ ...options, stay }).catch(() => undefined);
}

interface NewNamespace {
  readonly data: string;
  readonly stay: StayOptions;
  readonly warn: Warn;
}

async function makeNew(request: NewNamespace): Promise<PreparedPause> {
  const plan = planIds();
  try {
    return await makeFromPlan(plan, request);
  } catch (error) {
    if (!(error instanceof DhowError) && errnoOf(error) === undefined) throw error;
    const isMapRefused = error instanceof DhowError && error.kind === "permission-denied";
    if (!isMapRefused) throw explainFailure(error);
    const reason = error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
    return makeFromPlan(planOneId(`${reason}; containers get one uid; ${error.hint}`), request).catch((cause) => {
      throw explainFailure(cause);
    });
  }
}

async function makeFromPlan({ map, limitation }: IdPlan, request: NewNamespace): Promise<PreparedPause> {
  const { data, stay, warn } = request;
  const pause = await startPause({
    entry: newNamespaces,
    mapIds: (pid) => writeIdMap(pid, map),
    arrangeMounts: true,
    stay,
  });
  warnOnce(data, limitation, warn);
  return pause;
}

function nsenterPath(): string {
  const path = findProgram("nsenter");
  if (path !== undefined) return path;
  throw new DhowError("cannot enter a user namespace: nsenter is not installed", {
    kind: "unavailable",
    hint: "install the package util-linux",
  });
}

function startAgainInside({ pause, runDirectory, userNamespace }: NamespaceRecord): never {
  const { uids, gids } = readIdMap(pause.pid);
  const environment = {
    ...childEnvironment(),
    ...home(),
    ...invocationName(),
    DHOW_IN_NAMESPACE: "1",
    DHOW_CWD: workingDirectory(),
    DHOW_RUN_DIR: runDirectory,
    DHOW_UID: String(uids[0]?.hostId),
    DHOW_GID: String(gids[0]?.hostId),
  };
  const isInside = userNamespaceOf("self") === userNamespace;
  const entry = isInside ? [] : [nsenterPath(), "-t", String(pause.pid), "-U", "-m", "--preserve-credentials"];
  const argv = [...entry, process.execPath, ...process.execArgv, "--", ...process.argv.slice(1)];
  if (process.execve === undefined)
    throw new DhowError("cannot enter the namespaces: this Node.js has no execve", { kind: "unsupported" });
  return process.execve(argv[0] ?? process.execPath, argv, environment);
}

/** "" if it has been deleted. */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return "";
    throw error;
  }
}

/** Inside, the password database has somebody else for this process: the owner of uid 0. */
function home(): Record<string, string> {
  const directory = homeDirectory();
  return directory === undefined ? {} : { HOME: directory };
}

/** Under which name the launcher was called, for the CLI that takes over. */
function invocationName(): Record<string, string> {
  const name = getVariable("DHOW_INVOKED_AS");
  return name === undefined ? {} : { DHOW_INVOKED_AS: name };
}
