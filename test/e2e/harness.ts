import { execFileSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { inject } from "vitest";
import { findLeftovers, type LeftoverScope, noteNamespace, waitUntilNothingLeft } from "./leftovers.ts";
import { isRunning, type NamespaceRecord, namespaceRecord } from "./namespace-record.ts";
import { type Running, type RunResult, start } from "./running.ts";
import { openTerminal, type Terminal } from "./terminal.ts";

/**
 * Whom a test runs dhow as: an unprivileged user with a subordinate id range, one without, or root.
 * Tests that were started by an ordinary user can only be that user ("range", if the user has one).
 */
export type UserKind = "range" | "norange" | "root";

export interface CommandOptions {
  readonly input?: string | Uint8Array;
  /** Added to a clean environment of HOME, PATH, LANG, TERM and XDG_RUNTIME_DIR; an empty value is as good as none. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** When it is over, the command is killed and the test fails. Default 120 s. */
  readonly timeoutMs?: number;
}

export interface TestUser {
  readonly kind: UserKind;
  readonly name: string;
  readonly uid: number;
  /** A fresh home directory of this user. */
  readonly home: string;
  /** Runs dhow to its end, whatever its exit code. */
  dhow(args: readonly string[], options?: CommandOptions): Promise<RunResult>;
  /** Runs dhow, fails unless it exits with 0, and returns its stdout without the last line feed. */
  succeed(args: readonly string[], options?: CommandOptions): Promise<string>;
  /** Runs any program as this user. */
  program(argv: readonly [string, ...string[]], options?: CommandOptions): Promise<RunResult>;
  /** Starts dhow and returns it running. */
  start(args: readonly string[], options?: CommandOptions): Running;
  /** Starts dhow on a terminal of its own. */
  terminal(args: readonly string[], options?: CommandOptions & { columns?: number; rows?: number }): Terminal;
  /** What the launcher knows about this user's namespaces; undefined before the first command. */
  namespace(): NamespaceRecord | undefined;
  /** What runs for containers of this user now: everything but the pause process. */
  processes(): readonly { readonly pid: number; readonly command: string }[];
  /** Fails if any process, mount or folder of a container outlives it by more than a few seconds. */
  expectNothingLeft(): Promise<void>;
  /** Ends every process of this user that the tests started, and removes the home directory. */
  dispose(): Promise<void>;
}

const accounts: Record<UserKind, string> = { range: "dhow-test", norange: "dhow-norange", root: "root" };
const isRoot = process.getuid?.() === 0;
const systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Whether tests can run as such a user here. Use it as `describe.skipIf(!canBe("root"))`. */
export function canBe(kind: UserKind): boolean {
  if (isRoot) return existingUid(accounts[kind]) !== undefined;
  return kind === "range" && hasRange(userInfo().username);
}

/** A user with a fresh home directory. It must be disposed of. */
export function testUser(kind: UserKind): TestUser {
  if (!canBe(kind)) throw new Error(`tests cannot run as the ${kind} user here`);
  const { folder, prefix } = inject("installation");
  const name = isRoot ? accounts[kind] : userInfo().username;
  const uid = existingUid(name) as number;
  const gid = Number(execFileSync("id", ["-g", name], { encoding: "utf8" }));
  const home = mkdtempSync(join(folder, `home-${kind}-`));
  chownSync(home, uid, gid);
  const environment = {
    HOME: home,
    USER: name,
    PATH: `${prefix}/bin:${systemPath}`,
    LANG: "C.UTF-8",
    TERM: "xterm",
    // Several runs of the tests, and whoever else uses dhow as the same user, must not meet.
    XDG_RUNTIME_DIR: runtimeFolder(home, uid, gid),
  };
  const become = isRoot && uid !== 0 ? ["setpriv", "--reuid", name, "--regid", String(gid), "--init-groups"] : [];
  const scope: LeftoverScope = { home, namespaces: new Set() };

  function startProgram(argv: readonly string[], options: CommandOptions): Running {
    return start([...become, ...argv] as [string, ...string[]], {
      env: { ...environment, ...options.env },
      cwd: options.cwd ?? home,
      ...(options.input === undefined ? {} : { input: options.input }),
    });
  }
  async function program(argv: readonly string[], options: CommandOptions = {}): Promise<RunResult> {
    const running = startProgram(argv, options);
    if (options.input === undefined) running.closeInput();
    const result = await running.end(options.timeoutMs ?? 120_000);
    noteNamespace(scope);
    return result;
  }
  const terminals: Terminal[] = [];
  const user: TestUser = {
    kind,
    name,
    uid,
    home,
    program,
    dhow: (args, options) => program(["dhow", ...args], options),
    async succeed(args, options) {
      const { exitCode, stdout, stderr } = await user.dhow(args, options);
      if (exitCode !== 0) throw new Error(`dhow ${args.join(" ")}: exit code ${exitCode}\n${stdout}${stderr}`);
      return stdout.replace(/\n$/, "");
    },
    start: (args, options = {}) => startProgram(["dhow", ...args], options),
    terminal(args, options = {}) {
      const launch = (argv: readonly string[]) => startProgram(argv, options);
      const terminal = openTerminal(["dhow", ...args], { ...options, launch });
      terminals.push(terminal);
      return terminal;
    },
    namespace() {
      noteNamespace(scope);
      return namespaceRecord(home);
    },
    processes: () => findLeftovers(scope).processes,
    async expectNothingLeft() {
      await Promise.all(terminals.splice(0).map((terminal) => terminal.closeIfEnded()));
      const list = () => user.succeed(["ps", "--all", "--quiet"]);
      // Whoever removes a --rm container may still be at it.
      for (const deadline = Date.now() + 10_000; (await list()) !== ""; await delay(100)) {
        if (Date.now() > deadline) throw new Error(`containers are left: ${(await list()).replaceAll("\n", " ")}`);
      }
      await waitUntilNothingLeft(scope);
    },
    dispose: () => dispose(user, scope),
  };
  return user;
}

async function dispose(user: TestUser, scope: LeftoverScope): Promise<void> {
  // Only from inside can an ordinary user remove what belongs to the subordinate ids.
  if (!isRoot) await user.dhow(["unshare", "rm", "-rf", join(user.home, ".local")]);
  for (const { pid } of findLeftovers(scope).processes) kill(pid);
  const record = user.namespace();
  if (record && isRunning(record)) kill(record.pid);
  removeTree(user.home);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

function removeTree(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

function runtimeFolder(home: string, uid: number, gid: number): string {
  const folder = join(home, ".run");
  mkdirSync(folder, { mode: 0o700 });
  chownSync(folder, uid, gid);
  return folder;
}

function existingUid(name: string): number | undefined {
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((entry) => entry.startsWith(`${name}:`));
  return line === undefined ? undefined : Number(line.split(":")[2]);
}

function hasRange(name: string): boolean {
  return ["/etc/subuid", "/etc/subgid"].every(
    (file) =>
      existsSync(file) &&
      readFileSync(file, "utf8")
        .split("\n")
        .some((line) => line.startsWith(`${name}:`)),
  );
}
