import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";

const image = "localhost/dhow-busybox:latest";

/**
 * Another boot id is mounted over the machine's, which takes root. The kernel lets nobody mount a new /proc where parts of
 * one are hidden: the containers have the host's.
 */
describe.skipIf(!canBe("range") || process.getuid?.() !== 0)("after a reboot", () => {
  let user: TestUser;
  let folder: string;
  beforeAll(() => {
    user = testUser("range");
    folder = mkdtempSync(join(tmpdir(), "dhow-reboot-"));
  });
  afterAll(async () => {
    await user?.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  it("restart-containers starts what the restart policies ask for", async () => {
    const base = ["--pid=host", "--network=none", "--stop-timeout=0"];
    const command = (name: string, ...flags: string[]) => [
      "run",
      "-d",
      ...base,
      "--name",
      name,
      ...flags,
      image,
      "sleep",
      "1000",
    ];
    const run = (name: string, ...flags: string[]) => user.dhow(command(name, ...flags));
    // What scripts read has nothing to do with it.
    expect((await run("always", "--restart=always")).stderr).toBe("");
    const terminal = user.terminal(command("unless", "--restart=unless-stopped"));
    await terminal.expect("once you have run: dhow system start-on-boot");
    expect(await terminal.exit()).toBe(0);
    await run("stopped", "--restart=unless-stopped");
    await run("stopped-always", "--restart=always");
    await run("failed", "--restart=on-failure");
    await run("plain");
    await user.succeed(["stop", "stopped", "stopped-always"]);
    await user.succeed([
      "create",
      "--pid=host",
      "--network=none",
      "--name",
      "new",
      "--restart=always",
      image,
      "sleep",
      "1000",
    ]);

    // The power goes off.
    const { pid } = user.namespace() as { pid: number };
    for (const process_ of [pid, ...user.processes().map(({ pid: one }) => one)]) process.kill(process_, "SIGKILL");
    writeFileSync(join(folder, "boot_id"), "11111111-2222-3333-4444-555555555555\n");
    const script = [
      `mount --bind '${folder}/boot_id' /proc/sys/kernel/random/boot_id`,
      `rm -rf '${user.home}/.run/dhow'`,
      `as() { setpriv --reuid ${user.uid} --regid "$(id -g ${user.name})" --init-groups "$@"; }`,
      "as dhow ps -q",
      "echo --; as dhow system restart-containers",
      "echo --; as dhow ps --format '{{.Names}}' --sort names",
      "echo --; as dhow system restart-containers",
      "as dhow rm -f -t 0 --all >/dev/null",
    ].join("\n");
    const { HOME, PATH } = { HOME: user.home, PATH: (await user.program(["sh", "-c", "echo $PATH"])).stdout.trim() };
    const { spawnSync } = await import("node:child_process");
    const { stdout, stderr } = spawnSync("unshare", ["--mount", "sh", "-c", script], {
      encoding: "utf8",
      env: { HOME, PATH, XDG_RUNTIME_DIR: join(user.home, ".run") },
    });
    expect(stderr).toBe("");
    const [before, started, running, again] = stdout.split("--\n");
    expect(before).toBe("");
    expect(started?.trim().split("\n")).toHaveLength(3);
    expect(running).toBe("always\nstopped-always\nunless\n");
    expect(again).toBe("");
  });
});
