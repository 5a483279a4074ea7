import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identifyProcess } from "../../src/system/clock.ts";

const fixture = join(import.meta.dirname, "fixtures/enter.ts");

export interface Place {
  readonly user: string;
  readonly mount: string;
  readonly cwd: string;
  readonly run: string;
  readonly uid: string;
  readonly gid: string;
}

/** Namespaces of its own, apart from those of the user who runs the tests. */
export interface Sandbox {
  readonly directory: string;
  readonly data: string;
  readonly run: string;
  readonly environment: Record<string, string>;
  enter(options?: { cwd?: string; environment?: Record<string, string> }): Place;
  /** Starts several at once. */
  enterAtOnce(count: number): Promise<Place[]>;
  /** Starts a program inside that goes on; resolves when it has printed a line. */
  startInside(argv: readonly string[]): Promise<{ line: string; child: ChildProcess }>;
  recordPath(): string;
  pausePid(): number;
  dispose(): void;
}

export function makeSandbox(): Sandbox {
  const directory = mkdtempSync(join(tmpdir(), "dhow-test-rootless-"));
  const [data, run] = [join(directory, "data"), join(directory, "run")];
  mkdirSync(run, { mode: 0o700 });
  const { DHOW_IN_NAMESPACE: _, ...inherited } = process.env as Record<string, string>;
  const environment = { ...inherited, HOME: directory, XDG_DATA_HOME: data, XDG_RUNTIME_DIR: run };
  const children: ChildProcess[] = [];
  const records = join(data, "dhow/namespace");
  const recordPath = () => join(records, readdirSync(records).find((name) => /^[0-9a-f-]{36}$/.test(name)) ?? "none");
  const pausePid = () => Number(readFileSync(recordPath(), "latin1").split(" ")[0]);
  return {
    directory,
    data: join(data, "dhow"),
    run: join(run, "dhow"),
    environment,
    enter({ cwd = "/", environment: more = {} } = {}) {
      const result = spawnSync(process.execPath, [fixture], {
        cwd,
        env: { ...environment, ...more },
        encoding: "utf8",
      });
      if (result.status !== 0) throw new Error(result.stderr);
      return JSON.parse(result.stdout) as Place;
    },
    async enterAtOnce(count) {
      const one = async () => {
        const child = spawn(process.execPath, [fixture], { env: environment, stdio: ["ignore", "pipe", "inherit"] });
        let output = "";
        for await (const text of child.stdout) output += text;
        return JSON.parse(output) as Place;
      };
      return Promise.all(Array.from({ length: count }, one));
    },
    async startInside(argv) {
      const child = spawn(process.execPath, [fixture, ...argv], {
        env: environment,
        stdio: ["pipe", "pipe", "inherit"],
      });
      children.push(child);
      const line = await new Promise<string>((resolve, reject) => {
        child.stdout.once("data", (text) => resolve(String(text).trim()));
        child.once("close", () => reject(new Error(`${argv.join(" ")} said nothing`)));
      });
      return { line, child };
    },
    recordPath,
    pausePid,
    dispose() {
      for (const child of children) child.kill("SIGKILL");
      try {
        kill(pausePid());
      } catch {
        // No record: there was none to end.
      }
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Kills a process and waits until it is gone. */
export function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    return;
  }
  while (identifyProcess(pid)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
}
