import { readFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { DhowError } from "../errors.ts";
import { shellQuote, startProgram } from "../system/process.ts";
import { runtimeArguments } from "./conmon.ts";
import { runFiles } from "./files.ts";
import { runtimeError } from "./runtime-error.ts";
import type { RuntimeTools } from "./tools.ts";

type Command = readonly [string, ...string[]];

/** A program that runs in a container for as long as this process waits for it. */
export interface DirectRun {
  readonly tools: RuntimeTools;
  readonly id: string;
  /** The OCI bundle. It is removed with all that is mounted in it if this process dies before the program ends. */
  readonly runDirectory: string;
  /** Further folders that go then. */
  readonly temporaryFolders: readonly string[];
  readonly mount: { readonly commands: readonly Command[]; readonly cwd: string };
  readonly network: readonly Command[];
  readonly connect: Command | undefined;
  readonly networkError: (output: string) => DhowError;
  /** Called when the root filesystem is mounted: writes config.json. */
  readonly prepare: () => Promise<void>;
  readonly onOutput: (stream: "stdout" | "stderr", chunk: Buffer) => void;
  readonly signal: AbortSignal | undefined;
}

const mountFailed = 61;
const networkFailed = 62;

/**
 * Mounts, makes the network, and runs a container without a monitor: its output comes here, and it ends with this process.
 * Mounts and network are left to the caller afterwards.
 * @returns The exit code of its program.
 * @throws {DhowError} If the program cannot be invoked, or something before it fails. The signal's reason if that is aborted.
 */
export async function runDirectly(run: DirectRun): Promise<number> {
  run.signal?.throwIfAborted();
  const child = startProgram(["/bin/sh", "-c", script(run)], {
    stdio: ["ignore", "ignore", "pipe", "pipe", "pipe", "pipe", "pipe"],
    detached: true,
    cwd: "/",
  });
  const [, , errors, messages, words, stdout, stderr] = child.stdio as unknown as [
    null,
    null,
    Readable,
    Readable,
    Writable,
    Readable,
    Readable,
  ];
  words.on("error", () => undefined);
  const abort = () => void words.end();
  run.signal?.addEventListener("abort", abort);
  const said = collect(errors);
  stdout.on("data", (chunk: Buffer) => run.onOutput("stdout", chunk));
  stderr.on("data", (chunk: Buffer) => run.onOutput("stderr", chunk));
  const closed = new Promise<number>((resolve, reject) => {
    child.once("error", (cause) => reject(new DhowError("cannot start /bin/sh", { kind: "unavailable", cause })));
    child.once("close", (code) => resolve(code ?? 255));
  });
  closed.catch(() => undefined);
  const report = readLines(messages);
  try {
    if ((await report.next()).value === "mounted") {
      await run.prepare();
      words.write("run\n");
    }
    const last = (await report.next()).value;
    const code = await closed;
    run.signal?.throwIfAborted();
    return exitCodeOf(run, { last, code, said: await said });
  } finally {
    run.signal?.removeEventListener("abort", abort);
    words.end();
    // Whatever went wrong: the script takes down what it has begun.
    await closed.catch(() => undefined);
  }
}

function exitCodeOf(
  { tools, runDirectory, networkError }: DirectRun,
  { last, code, said }: { readonly last: string | undefined; readonly code: number; readonly said: string },
): number {
  if (code === mountFailed)
    throw new DhowError(`cannot mount the root filesystem: ${said.trim() || "no reason given"}`, {
      kind: "unavailable",
    });
  if (code === networkFailed) throw networkError(said);
  const complaint = readLog(runDirectory);
  if (complaint !== "") throw runtimeError(tools.runtimeName, complaint);
  const [, ended] = /^exit (\d+)$/.exec(last ?? "") ?? [];
  if (ended === undefined)
    throw new DhowError(`the step's script ended early: ${said.trim() || code}`, { kind: "unavailable" });
  return Number(ended);
}

function logFile(runDirectory: string): string {
  return `${runDirectory}/runtime.log`;
}

function readLog(runDirectory: string): string {
  try {
    return readFileSync(logFile(runDirectory), "utf8");
  } catch {
    return "";
  }
}

/** fd 3: what is reported. fd 4: this process's word; its end means that this process is gone. 5, 6: the program's output. */
function script(run: DirectRun): string {
  const { tools, id, runDirectory, mount, network, connect, temporaryFolders } = run;
  const runtime = shellQuote([tools.runtime, ...runtimeArguments(run)]);
  const { rootfs } = runFiles(runDirectory);
  const quiet = "3>&- 4<&- 5>&- 6>&-";
  const mark = shellQuote([`${runDirectory}/given-up`]);
  const start = shellQuote([
    "--log",
    logFile(runDirectory),
    "--log-format",
    "text",
    "run",
    "--bundle",
    runDirectory,
    id,
  ]);
  return [
    `cd ${shellQuote([mount.cwd])} || exit ${mountFailed}`,
    ...mount.commands.map((command) => `${shellQuote(command)} >&2 ${quiet} || exit ${mountFailed}`),
    "cd /",
    `clean() { umount -l ${shellQuote([rootfs])}; ${releaseNetwork(runDirectory)}; rm -rf --one-file-system ${shellQuote([runDirectory, ...temporaryFolders])}; }`,
    "echo mounted >&3",
    ...network.map((command) => `${shellQuote(command)} </dev/null >&2 ${quiet} || exit ${networkFailed}`),
    ...(connect ? [`${shellQuote(connect)} </dev/null >&2 ${quiet} & connecting=$!`] : []),
    `read -r word <&4 || { ${connect ? "wait $connecting; " : ""}clean; exit; }`,
    ...(connect ? [`wait $connecting || exit ${networkFailed}`] : []),
    `${runtime} ${start} </dev/null >&5 2>&6 3>&- 4<&- 5>&- 6>&- & running=$!`,
    "exec 5>&- 6>&-",
    // Whoever asked for it has died or given up.
    `{ read -r word <&4; : >${mark}; while kill -0 $running; do ${runtime} delete --force ${shellQuote([id])}; sleep 0.1; done; } >/dev/null 2>&1 3>&- & watching=$!`,
    "wait $running; code=$?",
    "kill $watching 2>/dev/null",
    `[ ! -e ${mark} ] || { clean; exit; }`,
    "echo exit $code >&3",
  ].join("\n");
}

/** In sh, for the day on which nobody else does it. */
function releaseNetwork(runDirectory: string): string {
  const [pidFile, namespace] = [`${runDirectory}/network.pid`, `${runDirectory}/netns`].map((path) =>
    shellQuote([path]),
  );
  return `[ ! -s ${pidFile} ] || kill "$(cat ${pidFile})"; [ ! -e ${namespace} ] || umount -l ${namespace}`;
}

async function* readLines(pipe: Readable): AsyncGenerator<string, undefined> {
  let text = "";
  for await (const chunk of pipe) {
    text += (chunk as Buffer).toString("latin1");
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    yield* lines;
  }
  return undefined;
}

async function collect(pipe: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of pipe) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
