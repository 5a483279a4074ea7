import { DhowError } from "../errors.ts";
import { identifyProcess, type ProcessIdentity } from "../system/clock.ts";
import { getVariable } from "../system/environment.ts";
import { findProgram, shellQuote, startProgram } from "../system/process.ts";

/** A pause process in the making: it ends by itself if this process dies before `commit`. */
export interface PreparedPause {
  readonly identity: ProcessIdentity;
  /**
   * Lets it go on to hold the namespaces, on its own from now on. It publishes the draft of its record itself, so that
   * there is never the record of a process that does not stay, nor one that stays without a record.
   */
  commit(): Promise<void>;
}

export interface StayOptions {
  /** The draft of the record becomes the record. */
  readonly draft: string;
  readonly record: string;
  /** An open file whose lock the process shares until the record is published. */
  readonly lock: number;
  /** The run folder, which the process keeps locked: systemd-tmpfiles leaves locked folders alone when it cleans up /tmp. */
  readonly runDirectory: string;
}

export interface PauseOptions {
  /** Program and arguments that start what follows them inside of the right namespaces; empty to stay in the present ones. */
  readonly entry: readonly string[];
  /** Writes the id map of the process, if its user namespace has none yet. */
  readonly mapIds?: (pid: number) => void;
  /** Whether the mount namespace is new. */
  readonly arrangeMounts: boolean;
  /** Undefined for a trial that will not be committed. */
  readonly stay?: StayOptions;
}

/** Enters a new user and mount namespace. Mounts of the machine appear in it, its own stay inside. */
export const newNamespaces = ["unshare", "--user", "--mount", "--propagation", "slave"] as const;

/**
 * On a hybrid machine shows the v2 hierarchy alone at /sys/fs/cgroup, inside of the mount namespace: crun refuses to run
 * where it sees controllers in both. Without it containers may run or not, so its failure is none here.
 */
const mountArrangement = `
if [ -e /sys/fs/cgroup/unified/cgroup.controllers ] && [ ! -e /sys/fs/cgroup/cgroup.controllers ]; then
  mount --bind /sys/fs/cgroup/unified /sys/fs/cgroup
fi`;

/**
 * Starts the process that holds the namespaces.
 * @throws {DhowError} `unavailable` with the last words of the program that failed.
 */
export async function startPause(options: PauseOptions): Promise<PreparedPause> {
  const { entry, mapIds, arrangeMounts, stay } = options;
  const [file = "/bin/sh", ...args] = [...entry, "/bin/sh", "-c", pauseScript(arrangeMounts, stay)];
  const child = startProgram([file, ...args], {
    stdio: ["pipe", "pipe", "pipe", stay?.lock ?? "ignore"],
    cwd: "/",
    // Neither secrets nor settings of the first user's shell: the process outlives it.
    env: { PATH: getVariable("PATH") ?? "/usr/bin:/bin" },
    detached: true,
  });
  const dialogue = converse(child, file);
  try {
    await dialogue.expect("entered");
    const identity = identifyProcess(child.pid ?? 0);
    if (!identity) throw new DhowError("cannot start the pause process: it ended at once", { kind: "unavailable" });
    mapIds?.(identity.pid);
    dialogue.answer();
    await dialogue.expect("prepared");
    return { identity, commit: () => dialogue.leave("published") };
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
}

/** Files: 3 is the shared lock, 9 the run folder, which goes on as stdin because catatonit closes every other file. */
function pauseScript(arrangeMounts: boolean, stay: StayOptions | undefined): string {
  const steps = ["echo entered; read -r answer || exit 1", arrangeMounts ? mountArrangement : ""];
  if (stay) {
    const { draft, record, runDirectory } = stay;
    steps.push(
      `exec 9<${shellQuote([runDirectory])}; flock -s -n 9`,
      "echo prepared; read -r answer || exit 1",
      // From here on it stays, even if nobody listens any more.
      `trap '' PIPE; mv -f ${shellQuote([draft, record])} || exit 1; echo published 2>/dev/null`,
      `exec ${shellQuote(pauseCommand())} <&9 >/dev/null 2>&1 3>&-`,
    );
  } else {
    steps.push("echo prepared; read -r answer");
  }
  return steps.join("\n");
}

function pauseCommand(): string[] {
  const catatonit = findProgram("catatonit");
  return catatonit === undefined ? ["sleep", "infinity"] : [catatonit, "-P"];
}

interface Dialogue {
  /** Waits for that line. */
  expect(line: string): Promise<void>;
  answer(): void;
  /** Answers for the last time, waits for that line and forgets the process, so that it does not keep this one alive. */
  leave(line: string): Promise<void>;
}

function converse(child: ReturnType<typeof startProgram>, file: string): Dialogue {
  let said = "";
  let complaint = "";
  let ended: Error | undefined;
  let wake = () => {};
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    wake();
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    complaint += text;
  });
  // A pause process that is killed meanwhile shows in the next expectation.
  child.stdin?.on("error", () => {});
  const end = (cause: Error) => {
    ended = cause;
    wake();
  };
  child.once("error", end);
  child.once("close", () => end(new Error(complaint.trimEnd().split("\n").at(-1) || `${file} ended`)));
  const expect = async (line: string) => {
    while (!said.split("\n").includes(line)) {
      if (ended) throw new DhowError("cannot start the pause process", { kind: "unavailable", cause: ended });
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return {
    expect,
    answer: () => child.stdin?.write("\n"),
    async leave(line) {
      child.stdin?.end("\n");
      await expect(line);
      child.removeAllListeners();
      child.stdout?.destroy();
      child.stderr?.destroy();
      child.unref();
    },
  };
}
