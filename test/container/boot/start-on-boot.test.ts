import { chmodSync, existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { explainStartOnBoot } from "../../../src/container/boot/explain.ts";
import { startOnBoot, stayDownOnBoot } from "../../../src/container/boot/start-on-boot.ts";

describe("startOnBoot()", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "dhow-boot-"));
    // crontab(1) that keeps its table in a file, and a loginctl(1) that refuses.
    writeFileSync(join(folder, "loginctl"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    writeFileSync(
      join(folder, "crontab"),
      `#!/bin/sh\n[ "$1" = - ] && exec cat >"${folder}/table"; [ -e "${folder}/table" ] && exec cat "${folder}/table"; exit 1\n`,
    );
    chmodSync(join(folder, "crontab"), 0o755);
    vi.stubEnv("PATH", `${folder}:/usr/bin:/bin`);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
  const machine = (hasSystemd: boolean, lingers = false) => ({
    ...{ hasSystemd, lingers, config: `${folder}/config`, data: `${folder}/data` },
  });
  const table = () => readFileSync(join(folder, "table"), "utf8");

  it("adds a unit to the user's systemd, once, and takes it away again", async () => {
    await startOnBoot(machine(true));
    const { done, todo } = await startOnBoot(machine(true));
    const unit = `${folder}/config/systemd/user/dhow-restart.service`;
    expect(done).toContain(unit);
    expect(todo).toContain("loginctl enable-linger");
    expect((await startOnBoot(machine(true, true))).todo).toBeUndefined();
    expect(readFileSync(unit, "utf8")).toMatch(/^ExecStart=".*\/bin\/dhow" "system" "restart-containers"$/m);
    const link = `${folder}/config/systemd/user/default.target.wants/dhow-restart.service`;
    expect(readlinkSync(link)).toBe("../dhow-restart.service");
    expect(existsSync(link)).toBe(true);
    await stayDownOnBoot(machine(true));
    expect(existsSync(unit)).toBe(false);
    expect(existsSync(link)).toBe(false);
  });

  it("adds one line to the user's crontab without systemd, and leaves the others alone", async () => {
    writeFileSync(join(folder, "table"), "# mine\n\n0 * * * * true\n");
    await startOnBoot(machine(false));
    await startOnBoot(machine(false));
    expect(table()).toMatch(
      /^# mine\n\n0 \* \* \* \* true\n@reboot PATH=\S+.*\/bin\/dhow system restart-containers # dhow system start-on-boot\n$/,
    );
    await stayDownOnBoot(machine(false));
    expect(table()).toBe("# mine\n\n0 * * * * true\n");
  });

  it("says what to run where there is neither", async () => {
    rmSync(join(folder, "crontab"));
    vi.stubEnv("PATH", folder);
    await expect(startOnBoot(machine(false))).rejects.toMatchObject({
      kind: "unsupported",
      hint: expect.stringMatching(
        /^have whatever starts programs at boot here run, as you: PATH=.* restart-containers$/,
      ),
    });
  });

  it("is explained once, and not to those who have it", async () => {
    const told: string[] = [];
    const engine = { paths: { data: folder } as never, warn: (text: string) => void told.push(text) };
    explainStartOnBoot(engine, "on-failure");
    explainStartOnBoot(engine, "always");
    explainStartOnBoot(engine, "unless-stopped");
    expect(told).toEqual([
      "--restart=always starts the container again after a reboot once you have run: dhow system start-on-boot",
    ]);
  });
});
