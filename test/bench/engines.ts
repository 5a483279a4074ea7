import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";

/** An engine under measurement: runs as the benchmark's own user when the benchmark was started by root. */
export interface Contestant {
  readonly name: "dhow" | "podman";
  /** argv in front of the engine's arguments. */
  readonly program: readonly string[];
  /** Runs a command to its end; throws when it fails. @returns stdout. */
  run(args: readonly string[], input?: string): string;
  /** Runs it whatever happens. */
  tryRun(args: readonly string[]): void;
  /** Starts it in the background; resolves with the exit code. */
  start(args: readonly string[]): Promise<number>;
}

/** A user to measure as, with a prefix that becomes this user. */
export interface Person {
  readonly prefix: readonly string[];
  readonly home: string;
}

const asRoot = process.getuid?.() === 0;

export function person(): Person {
  if (!asRoot) return { prefix: [], home: userInfo().homedir };
  const user = "dhow-bench";
  const home = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((line) => line.startsWith(`${user}:`))
    ?.split(":")[5];
  if (!home) throw new Error(`no user ${user}: run scripts/bench`);
  const environment = [
    `HOME=${home}`,
    `USER=${user}`,
    "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
    "TERM=xterm",
  ];
  return {
    prefix: ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--init-groups", "env", "-i", ...environment],
    home,
  };
}

/** Installs the packed dhow where that user can read it, and finds podman. */
export async function engines(): Promise<{ dhow: Contestant; podman: Contestant; close(): Promise<void> }> {
  const folder = mkdtempSync("/tmp/dhow-bench-");
  spawnSync("chmod", ["0755", folder]);
  const packed = output(["npm", "pack", "--silent", "--pack-destination", folder]).trim().split("\n").at(-1) ?? "";
  output(["npm", "install", "--silent", "-g", "--prefix", folder, join(folder, packed)]);
  const dhow = contestant("dhow", join(folder, "bin/dhow"));
  const podman = contestant("podman", "podman");
  return {
    dhow,
    podman,
    async close() {
      for (const engine of [dhow, podman]) engine.tryRun(["rm", "-a", "-f", "-t", "0"]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function contestant(name: Contestant["name"], program: string): Contestant {
  const me = person();
  const argv = [...me.prefix, program];
  return {
    name,
    program: argv,
    run: (args, input) => output([...argv, ...args], input, me.home),
    tryRun: (args) => void spawnSync(argv[0] as string, [...argv.slice(1), ...args], { cwd: me.home, stdio: "ignore" }),
    start: (args) =>
      new Promise((resolve, reject) => {
        spawn(argv[0] as string, [...argv.slice(1), ...args], { cwd: me.home, stdio: "ignore" })
          .on("error", reject)
          .on("exit", (code) => resolve(code ?? 1));
      }),
  };
}

export function output(argv: readonly string[], input?: string, cwd?: string): string {
  const [file, ...args] = argv;
  const result = spawnSync(file as string, args, {
    input: input ?? "",
    encoding: "utf8",
    maxBuffer: 64 << 20,
    ...(cwd ? { cwd } : {}),
  });
  if (result.status !== 0)
    throw new Error(`${argv.join(" ")}: exit ${result.status}: ${result.stderr}${result.error ?? ""}`);
  return result.stdout;
}

/** Proportional set size in MiB of all processes of a user whose name is in the set. */
export function memoryOf(names: ReadonlySet<string>, uid: number): number {
  const kilobytes = output(["sh", "-c", "ls /proc | grep -E '^[0-9]+$'"])
    .trim()
    .split("\n")
    .map((pid) => {
      try {
        const name = readFileSync(`/proc/${pid}/comm`, "utf8").trim();
        if (!names.has(name) || statSync(`/proc/${pid}`).uid !== uid) return 0;
        return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0);
      } catch {
        return 0; // it ended while we looked
      }
    })
    .reduce((sum, value) => sum + value, 0);
  return kilobytes / 1024;
}
