import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { identifyProcess } from "../../src/system/clock.ts";
import { kill, makeSandbox, type Sandbox } from "./sandbox.ts";

const isHybrid =
  existsSync("/sys/fs/cgroup/unified/cgroup.controllers") && !existsSync("/sys/fs/cgroup/cgroup.controllers");

describe("ensureNamespace()", () => {
  let sandbox: Sandbox;
  const own = readlinkSync("/proc/self/ns/user");
  beforeEach(() => {
    sandbox = makeSandbox();
  });
  afterEach(() => sandbox.dispose());

  it("makes a user and a mount namespace, and finds them again", () => {
    const first = sandbox.enter();
    expect(first.user).not.toBe(own);
    expect(first.mount).not.toBe(readlinkSync("/proc/self/ns/mnt"));
    expect(first).toMatchObject({ run: sandbox.run, uid: String(process.getuid?.()), gid: String(process.getgid?.()) });
    expect(sandbox.enter()).toEqual(first);
  });

  it("makes them once when many processes start at the same time", async () => {
    const places = await sandbox.enterAtOnce(12);
    expect(new Set(places.map(({ user, mount }) => user + mount)).size).toBe(1);
  });

  it("keeps the run folder, whatever the environment of a later command says", () => {
    const other = join(sandbox.directory, "other");
    mkdirSync(other, { mode: 0o700 });
    const first = sandbox.enter();
    expect(sandbox.enter({ environment: { XDG_RUNTIME_DIR: other } })).toEqual(first);
    kill(sandbox.pausePid());
    expect(sandbox.enter({ environment: { XDG_RUNTIME_DIR: other } }).run).toBe(first.run);
  });

  it("hands over the working directory", () => {
    const folder = join(sandbox.directory, "here");
    mkdirSync(folder);
    expect(sandbox.enter({ cwd: folder }).cwd).toBe(folder);
    expect(sandbox.enter({ cwd: "/tmp" }).cwd).toBe("/tmp");
  });

  it("makes new ones when the pause process was killed", () => {
    const before = sandbox.enter();
    const pid = sandbox.pausePid();
    kill(pid);
    const after = sandbox.enter();
    expect(sandbox.pausePid()).not.toBe(pid);
    expect(after.run).toBe(before.run);
    expect(identifyProcess(sandbox.pausePid())).toBeDefined();
  });

  it("does not enter the namespaces of a process that has only inherited the pid", () => {
    sandbox.enter();
    kill(sandbox.pausePid());
    const [, startTime, ...rest] = readFileSync(sandbox.recordPath(), "latin1").split(" ");
    writeFileSync(sandbox.recordPath(), [process.pid, startTime, ...rest].join(" "));
    expect(sandbox.enter().user).not.toBe(own);
    expect(sandbox.pausePid()).not.toBe(process.pid);
  });

  it("survives a record that makes no sense", () => {
    sandbox.enter();
    const pid = sandbox.pausePid();
    writeFileSync(sandbox.recordPath(), "garbage");
    expect(sandbox.enter().user).not.toBe(own);
    kill(pid);
  });

  it("goes back into the namespaces that a monitor keeps alive", async () => {
    const before = sandbox.enter();
    const conmon = join(sandbox.directory, "conmon");
    copyFileSync("/bin/sleep", conmon);
    chmodSync(conmon, 0o755);
    const { line } = await sandbox.startInside(["sh", "-c", `echo $$; exec ${conmon} 600`]);
    await recordContainer(sandbox, "conmon.pid", line);
    await waitForName(Number(line), "conmon");
    kill(sandbox.pausePid());
    expect(sandbox.enter()).toMatchObject({ user: before.user, mount: before.mount });
    kill(Number(line));
  });

  it("goes back into the user namespace that only a container keeps alive", async () => {
    const before = sandbox.enter();
    const { line } = await sandbox.startInside(["unshare", "-m", "sh", "-c", "echo $$; exec sleep 600"]);
    await recordContainer(sandbox, "pidfile", line);
    kill(sandbox.pausePid());
    const after = sandbox.enter();
    expect(after.user).toBe(before.user);
    expect(after.mount).not.toBe(readlinkSync(`/proc/${line}/ns/mnt`));
    kill(Number(line));
  });

  it("does not believe a pid file that is older than its process", async () => {
    sandbox.enter();
    const { line } = await sandbox.startInside(["unshare", "-m", "sh", "-c", "echo $$; exec sleep 600"]);
    const file = recordContainer(sandbox, "pidfile", line);
    utimesSync(file, new Date(0), new Date(0));
    kill(sandbox.pausePid());
    expect(sandbox.enter().user).not.toBe(readlinkSync(`/proc/${line}/ns/user`));
    kill(Number(line));
  });

  it("stays where it is when the pause process died under a program that runs inside", async () => {
    const before = sandbox.enter();
    const fixture = join(import.meta.dirname, "fixtures/enter.ts");
    const { child } = await sandbox.startInside([
      "sh",
      "-c",
      // As the launcher does: what a parent has found out does not count.
      `echo ready; read -r _; unset DHOW_IN_NAMESPACE; exec ${process.execPath} ${fixture}`,
    ]);
    const killed = sandbox.pausePid();
    kill(killed);
    child.stdin?.write("\n");
    let output = "";
    child.stdout?.on("data", (text) => {
      output += text;
    });
    await new Promise((resolve) => child.once("close", resolve));
    expect(JSON.parse(output)).toMatchObject({ user: before.user, mount: before.mount, uid: before.uid });
    expect(sandbox.pausePid()).not.toBe(killed);
    expect(identifyProcess(sandbox.pausePid())).toBeDefined();
    expect(readlinkSync(`/proc/${sandbox.pausePid()}/ns/user`)).toBe(before.user);
  });

  it("keeps the run folder locked, so that systemd-tmpfiles leaves it alone", () => {
    sandbox.enter();
    const tryLock = () => spawnSync("flock", ["-x", "-n", sandbox.run, "true"]).status;
    expect(tryLock()).toBe(1);
    kill(sandbox.pausePid());
    expect(tryLock()).toBe(0);
  });

  it("leaves nothing that can be read by others", () => {
    sandbox.enter();
    expect(statSync(sandbox.run).mode & 0o777).toBe(0o700);
    expect(statSync(sandbox.data).mode & 0o777).toBe(0o700);
    expect(statSync(sandbox.recordPath()).mode & 0o777).toBe(0o600);
  });

  it.skipIf(!isHybrid)("shows the v2 hierarchy alone at /sys/fs/cgroup on a hybrid machine", async () => {
    const { line } = await sandbox.startInside(["sh", "-c", "ls /sys/fs/cgroup | tr '\\n' ' '"]);
    expect(line).toContain("cgroup.controllers");
    expect(line).not.toContain("unified");
    expect(existsSync("/sys/fs/cgroup/unified")).toBe(true);
  });
});

function recordContainer(sandbox: Sandbox, file: string, pid: string): string {
  const folder = join(sandbox.run, "containers", "abc");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, file);
  writeFileSync(path, pid);
  return path;
}

async function waitForName(pid: number, name: string): Promise<void> {
  while (readFileSync(`/proc/${pid}/comm`, "latin1").trim() !== name)
    await new Promise((resolve) => setTimeout(resolve, 5));
}
