import { runFiles } from "./files.ts";
import type { RuntimeTools } from "./tools.ts";

/** A container's monitor: what conmon is told. */
export interface MonitorRequest {
  readonly tools: RuntimeTools;
  readonly id: string;
  readonly name: string;
  /** Holds config.json; gets the sockets, pid files and the exit file. */
  readonly runDirectory: string;
  readonly terminal: boolean;
  readonly stdin: boolean;
  readonly log: {
    readonly driver: "k8s-file" | "json-file" | "journald" | "none" | "passthrough";
    readonly path: string;
    readonly maxSizeBytes: number | undefined;
    readonly tag?: string | undefined;
  };
  /** The container is killed after that many seconds; 0 is never. */
  readonly timeoutSeconds: number;
  /** Run by conmon when the container has ended. */
  readonly exitCommand: readonly [string, ...string[]];
}

/** The program and arguments that make a container and watch it. The sync pipe is file descriptor 3. */
export function monitorCommand(request: MonitorRequest): [string, ...string[]] {
  const { tools, id, name, runDirectory, exitCommand } = request;
  const files = runFiles(runDirectory);
  const [exitProgram, ...exitArguments] = exitCommand;
  return [
    tools.conmon,
    "--api-version",
    "1",
    "--cid",
    id,
    "--cuuid",
    id,
    "--name",
    name,
    "--runtime",
    tools.runtime,
    ...runtimeArguments(request).map((argument) => `--runtime-arg=${argument}`),
    "--bundle",
    runDirectory,
    "--persist-dir",
    runDirectory,
    "--full-attach",
    "--container-pidfile",
    files.pidFile,
    "--conmon-pidfile",
    files.monitorPidFile,
    "--log-level",
    "error",
    // The log is worth nothing after a crash of the machine; waiting for the disk would cost every container milliseconds.
    "--no-sync-log",
    ...logArguments(request.log),
    ...(request.terminal ? ["--terminal"] : []),
    // For a terminal it would mean that the first to detach closes it for good.
    ...(request.stdin && !request.terminal ? ["--stdin"] : []),
    ...(request.timeoutSeconds > 0 ? ["--timeout", String(request.timeoutSeconds)] : []),
    "--exit-command",
    exitProgram,
    ...exitArguments.flatMap((argument) => ["--exit-command-arg", argument]),
  ];
}

/** Global arguments of the runtime for one container. */
export function runtimeArguments({ tools, runDirectory }: Pick<MonitorRequest, "tools" | "runDirectory">): string[] {
  return [`--root=${runFiles(runDirectory).runtimeRoot}`, ...tools.runtimeArguments];
}

function logArguments({ driver, path, maxSizeBytes, tag }: MonitorRequest["log"]): string[] {
  if (driver === "journald") return ["--log-path", "journald:", ...(tag === undefined ? [] : ["--log-tag", tag])];
  if (driver !== "k8s-file" && driver !== "json-file") return ["--log-path", `${driver}:`];
  return [
    "--log-path",
    `k8s-file:${path}`,
    ...(maxSizeBytes === undefined ? [] : ["--log-size-max", String(maxSizeBytes)]),
  ];
}
