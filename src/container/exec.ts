import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import type { ContainerConfig } from "../model/container-config.ts";
import type { ProcessSpec, RuntimeSpec } from "../oci/runtime-spec.ts";
import { connectAttachSocket } from "../runtime/attach-socket.ts";
import { execDirectly } from "../runtime/exec.ts";
import { type ExecSession, startExecSession } from "../runtime/exec-session.ts";
import { runFiles } from "../runtime/files.ts";
import type { RuntimeTools } from "../runtime/tools.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import { identifyProcess } from "../system/clock.ts";
import { installationFile } from "../system/installation.ts";
import { libc } from "../system/libc.ts";
import { randomHex } from "../system/random.ts";
import { windowSize } from "../system/terminal.ts";
import { connectStreams, sendWindowSize } from "./attach-streams.ts";
import { containerTools } from "./cgroups.ts";
import { isGone } from "./end.ts";
import { checkCommand } from "./find-command.ts";
import { globalArguments } from "./global-arguments.ts";
import { recordEvent } from "./record-event.ts";
import { containerCapabilities } from "./spec/capabilities.ts";
import { serializeSpec } from "./spec/generate.ts";
import { readLastCapability } from "./spec/host-facts.ts";
import { resolveUser } from "./spec/user.ts";
import { canExec } from "./state.ts";

export interface ExecOptions {
  readonly command: readonly string[];
  /** `NAME=value`, on top of the container's. */
  readonly env: readonly string[];
  /** Undefined for the container's. */
  readonly user: string | undefined;
  readonly workdir: string | undefined;
  readonly privileged: boolean;
  readonly terminal: boolean;
  readonly stdin: boolean;
  /** Undefined for the container's. */
  readonly detachKeys: string | undefined;
  /** Returns as soon as it runs. */
  readonly detach: boolean;
  /** Further file descriptors that it gets, under the same numbers. */
  readonly preserveFds: readonly number[];
}

export type ExecEnd =
  | { readonly kind: "exited"; readonly exitCode: number }
  | { readonly kind: "detached"; readonly sessionId: string };

/**
 * Runs a process in a running container.
 *
 * @throws {DhowError} `not-found`; `conflict` if it does not run; 126 or 127 if the command cannot be invoked.
 */
export async function execInContainer(engine: Engine, nameOrId: string, options: ExecOptions): Promise<ExecEnd> {
  const record = engine.containers.get(nameOrId);
  if (!canExec(record.state) || isGone(record)) throw notRunning(record);
  const runDirectory = engine.containers.runDirectory(record.id);
  const sessionId = randomHex(32);
  const directory = `${runDirectory}/exec/${sessionId}`;
  if (options.preserveFds.length > 0 && (options.terminal || options.detach)) throw cannotPreserve();
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  try {
    const process = processSpec(runDirectory, record.config, options);
    writeFileSync(processFileIn(directory), serializeSpec(process), { mode: 0o600 });
    const tools = containerTools(engine, record);
    checkCommand(`/proc/${record.init?.pid}/root`, process, tools.runtimeName);
    const place = { record, runDirectory, sessionId, directory, tools };
    const attributes = { execID: sessionId };
    recordEvent(engine, record, "exec", { attributes });
    const isDirect = !options.terminal && !options.detach;
    const end = await (isDirect ? runDirectly(place, options) : runSession(engine, place, options));
    if (end.kind === "exited") recordEvent(engine, record, "exec_died", { exitCode: end.exitCode, attributes });
    return end;
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Removes what a process of `exec` has left that has ended, and records the end if its monitor has told it.
 * @throws {DhowError} `not-found`; `conflict` if it still runs.
 */
export function removeExecSession(
  engine: Pick<Engine, "containers" | "events">,
  nameOrId: string,
  sessionId: string,
): void {
  const record = engine.containers.get(nameOrId);
  const { id } = record;
  const directory = `${engine.containers.runDirectory(id)}/exec/${sessionId}`;
  if (!/^[0-9a-f]{64}$/.test(sessionId) || !existsSync(directory)) {
    throw new DhowError(`no exec session with ID ${sessionId} found in container ${id}: no such exec session`, {
      kind: "not-found",
    });
  }
  if (existsSync(`${directory}/pidfile`) && identifyProcess(Number(readFileSync(`${directory}/pidfile`, "latin1")))) {
    throw new DhowError(`exec session ${sessionId} of container ${id} is still running`, { kind: "conflict" });
  }
  const exitCode = readExitCode(`${directory}/${id}`);
  rmSync(directory, { recursive: true, force: true });
  if (exitCode !== undefined) recordEvent(engine, record, "exec_died", { exitCode, attributes: { execID: sessionId } });
}

/** Undefined while the monitor has not told it. */
function readExitCode(path: string): number | undefined {
  return existsSync(path) ? Number(readFileSync(path, "latin1")) : undefined;
}

interface SessionPlace {
  readonly record: ContainerRecord;
  readonly runDirectory: string;
  readonly sessionId: string;
  readonly directory: string;
  readonly tools: RuntimeTools;
}

/** On the streams of this process, without a monitor. */
async function runDirectly(
  { record, runDirectory, directory, tools }: SessionPlace,
  { stdin, preserveFds }: ExecOptions,
): Promise<ExecEnd> {
  const processFile = processFileIn(directory);
  const exitCode = await execDirectly({
    ...{ tools, containerId: record.id, runDirectory, processFile },
    ...{ stdin, preserveFds },
  });
  rmSync(directory, { recursive: true, force: true });
  return { kind: "exited", exitCode };
}

function processFileIn(directory: string): string {
  return `${directory}/process.json`;
}

async function runSession(engine: Engine, place: SessionPlace, options: ExecOptions): Promise<ExecEnd> {
  const { record, sessionId, directory } = place;
  const session = startExecSession({
    ...place,
    containerId: record.id,
    containerName: record.name,
    terminal: options.terminal,
    stdin: options.stdin,
    attach: !options.detach,
    exitCommand: options.detach ? noticeEnd(engine, record.id, sessionId) : ["/bin/rm", "-rf", directory],
  });
  try {
    if (options.detach) {
      await session.start();
      return { kind: "detached", sessionId };
    }
    return await attachToSession(session, { directory, sessionId, record }, options);
  } finally {
    session.release();
  }
}

/** Nobody waits for a process in the background: its monitor has its end recorded. */
function noticeEnd(engine: Engine, id: string, sessionId: string): [string, ...string[]] {
  const global = globalArguments(engine);
  return [installationFile("bin/dhow"), ...global, "container", "cleanup", "--exec", sessionId, id];
}

async function attachToSession(
  session: ExecSession,
  { directory, sessionId, record }: Pick<SessionPlace, "directory" | "sessionId" | "record">,
  options: ExecOptions,
): Promise<ExecEnd> {
  libc();
  await session.listening;
  const socket = connectAttachSocket(directory);
  sendWindowSize(directory);
  const choice = {
    ...{ stdin: options.stdin, stdout: true, stderr: true, terminal: options.terminal },
    detachKeys: options.detachKeys ?? record.config.detachKeys,
  };
  const streams = connectStreams(socket, { directory, choice });
  try {
    await session.start();
    const end = await streams.ended;
    if (end !== "closed") return { kind: "detached", sessionId };
    return { kind: "exited", exitCode: (await session.exitCode) ?? 255 };
  } finally {
    await streams.release();
  }
}

/** The process's spec: that of the container's own process, with what was asked for. */
export function processSpec(
  runDirectory: string,
  config: ContainerConfig,
  options: Pick<ExecOptions, "command" | "env" | "user" | "workdir" | "privileged" | "terminal" | "detach">,
): ProcessSpec {
  const files = runFiles(runDirectory);
  const { process } = JSON.parse(readFileSync(files.config, "utf8")) as RuntimeSpec;
  const user = resolveUser(files.rootfs, options.user ?? config.user, config.groupAdd);
  const { uid, gid, additionalGids } = user;
  const isOther = options.user !== undefined;
  // Told by way of the monitor it would come too late for a quick program.
  const size = options.terminal && !options.detach ? windowSize() : undefined;
  const home = isOther ? [`HOME=${user.home}`] : [];
  return {
    ...process,
    terminal: options.terminal,
    ...(size && { consoleSize: { height: size.rows, width: size.columns } }),
    args: options.command,
    cwd: options.workdir ?? process.cwd,
    env: mergeEnvironment([...(options.terminal ? ["TERM=xterm"] : []), ...process.env], [...home, ...options.env]),
    user: isOther ? { ...process.user, uid, gid, additionalGids } : process.user,
    capabilities: containerCapabilities(options.privileged ? { ...config, privileged: true } : config, {
      uid,
      lastCapability: readLastCapability(),
    }),
    rlimits: process.rlimits.map(({ type, soft, hard }) => ({ type, soft: unlimited(soft), hard: unlimited(hard) })),
  };
}

/** The largest 64-bit number, which stands for no limit, does not survive JSON.parse. */
function unlimited(limit: number): number {
  return limit > Number.MAX_SAFE_INTEGER ? -1 : limit;
}

function mergeEnvironment(base: readonly string[], added: readonly string[]): string[] {
  const variables = new Map([...base, ...added].map((entry) => [entry.split("=", 1)[0], entry]));
  return [...variables.values()];
}

function cannotPreserve(): DhowError {
  return new DhowError("file descriptors cannot be passed to a process with a terminal or in the background", {
    kind: "unsupported",
    hint: "leave out --tty and --detach: the process has a monitor of its own then, which does not pass them on",
  });
}

function notRunning({ state }: ContainerRecord): DhowError {
  return new DhowError(`can only create exec sessions on running containers: container state improper`, {
    kind: "conflict",
    hint: `it is ${state}; start it first`,
  });
}
