import type { Readable, Writable } from "node:stream";
import { DhowError } from "../errors.ts";
import { childEnvironment } from "../system/environment.ts";
import { startProgram } from "../system/process.ts";
import { runtimeArguments } from "./conmon.ts";
import { jsonLines } from "./json-lines.ts";
import { runtimeError } from "./runtime-error.ts";
import type { RuntimeTools } from "./tools.ts";

/** A further process in a running container, with a monitor of its own. */
export interface ExecSessionRequest {
  readonly tools: RuntimeTools;
  readonly containerId: string;
  readonly containerName: string;
  /** The container's run folder. */
  readonly runDirectory: string;
  readonly sessionId: string;
  /** Holds the process's spec `process.json`; gets sockets and pid files. */
  readonly directory: string;
  readonly terminal: boolean;
  readonly stdin: boolean;
  /** Run by the monitor when the process has ended; its exit code is then in a file of the container's id in the directory. */
  readonly exitCommand: readonly [string, ...string[]];
  /** Whether somebody will attach before the process runs. */
  readonly attach: boolean;
}

export interface ExecSession {
  /** Fulfilled when the attach socket listens. The process does not run yet. */
  readonly listening: Promise<void>;
  /** Lets the process run. @returns Its pid. @throws {DhowError} 126 or 127 if it cannot be invoked. */
  start(): Promise<number>;
  /** Its exit code, when it has ended; undefined if the monitor did not tell. */
  readonly exitCode: Promise<number | undefined>;
  /** Lets go of the session, which goes on without us. */
  release(): void;
}

/** Starts a monitor that runs a process in a container. */
export function startExecSession(request: ExecSessionRequest): ExecSession {
  const child = startProgram(sessionCommand(request), {
    stdio: ["ignore", "ignore", "pipe", "pipe", "pipe", "pipe"],
    detached: true,
    env: {
      ...childEnvironment(),
      _OCI_SYNCPIPE: "3",
      _OCI_STARTPIPE: "4",
      ...(request.attach && { _OCI_ATTACHPIPE: "5" }),
    },
  });
  const [, , stderr, sync, startPipe, attachPipe] = child.stdio as unknown as [
    null,
    null,
    Readable,
    Readable,
    Writable,
    Readable,
  ];
  child.once("error", () => sync.destroy());
  startPipe.on("error", () => undefined);
  stderr.resume();
  const reports = jsonLines(sync);
  const attachReports = request.attach ? jsonLines(attachPipe) : undefined;
  // Lets the monitor itself begin.
  startPipe.write("begin");
  const { promise: exitCode, resolve: tellExitCode } = Promise.withResolvers<number | undefined>();
  return {
    listening: attachReports ? attachReports.next().then((report) => mustListen(request, report)) : Promise.resolve(),
    async start() {
      startPipe.end("start");
      const report = await reports.next();
      const pid = report?.data ?? -1;
      if (pid < 0) throw runtimeError(request.tools.runtimeName, report?.message ?? "");
      void reports.next().then((last) => tellExitCode(last?.data));
      return pid;
    },
    exitCode,
    release() {
      for (const pipe of [stderr, sync, startPipe, attachPipe]) pipe.destroy();
      child.unref();
    },
  };
}

function mustListen({ containerName }: ExecSessionRequest, report: unknown): void {
  if (report !== undefined) return;
  throw new DhowError(`cannot run a process in container ${containerName}: conmon failed`, { kind: "unavailable" });
}

function sessionCommand(request: ExecSessionRequest): [string, ...string[]] {
  const { tools, containerId, containerName, sessionId, directory } = request;
  const [exitProgram, ...exitArguments] = request.exitCommand;
  const [file = tools.conmon, ...entry] = [...tools.cgroupEntry, tools.conmon];
  return [
    file,
    ...entry,
    ...["--api-version", "1"],
    ...["--exec", "--exec-process-spec", `${directory}/process.json`],
    ...(request.attach ? ["--exec-attach"] : []),
    ...["--cid", containerId],
    ...["--cuuid", sessionId],
    ...["--name", containerName],
    ...["--runtime", tools.runtime],
    ...runtimeArguments(request).map((argument) => `--runtime-arg=${argument}`),
    ...["--bundle", directory],
    "--full-attach",
    ...["--container-pidfile", `${directory}/pidfile`],
    ...["--log-path", "none:", "--log-level", "error"],
    ...(request.terminal ? ["--terminal"] : []),
    ...(request.stdin && !request.terminal ? ["--stdin"] : []),
    ...["--exit-dir", directory],
    ...["--exit-command", exitProgram, ...exitArguments.flatMap((argument) => ["--exit-command-arg", argument])],
  ];
}
