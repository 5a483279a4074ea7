import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";

const image = "localhost/dhow-busybox:latest";
const count = 40_000;
/** That many numbered lines of a kilobyte. */
const writer = `pad=$(head -c 1016 /dev/zero | tr '\\0' x); seq -w 0 ${count - 1} | sed "s/\\$/ $pad/"`;

describe.skipIf(!canBe("range"))("logs of containers", () => {
  let user: TestUser;
  beforeAll(() => {
    user = testUser("range");
  });
  afterAll(async () => {
    await user?.succeed(["rm", "--all", "--force", "--time", "0"]);
    await user?.expectNothingLeft();
    await user?.dispose();
  });

  /** How many lines there are, and how many are not the one that was expected at their place. */
  const checked = async (logs: string) => {
    const script = `dhow ${logs} | awk '{ if ($1 + 0 != NR - 1 || length($0) != 1022) bad++ } END { print NR, bad + 0 }'`;
    return (await user.program(["sh", "-c", script])).stdout;
  };
  const create = (name: string, ...flags: string[]) =>
    user.succeed(["create", "--network=none", "--name", name, ...flags, image, "sh", "-c", `sleep 2; ${writer}`]);

  it("of many long lines are complete and in order", async () => {
    await create("long", "--log-driver=json-file");
    await user.succeed(["start", "long"]);
    expect(await checked("logs -f long")).toBe(`${count} 0\n`);
    expect(await checked("logs long")).toBe(`${count} 0\n`);
    const config = "{{.HostConfig.LogConfig.Type}} {{.HostConfig.LogConfig.Path}}";
    const path = join(
      user.home,
      ".local/share/dhow/containers",
      await user.succeed(["inspect", "-f", "{{.Id}}", "long"]),
    );
    expect(await user.succeed(["inspect", "-f", config, "long"])).toBe(`json-file ${path}/ctr.log`);
  });

  it("are followed without a loss into the files that take the place of full ones", async () => {
    const path = join(user.home, "rotated.log");
    await create("rotated", "--log-opt", `max-size=10mb,path=${path}`);
    await user.succeed(["start", "rotated"]);
    expect(await checked("logs -f rotated")).toBe(`${count} 0\n`);
    expect(statSync(path).size).toBeLessThanOrEqual(10_000_000);
    await user.succeed(["rm", "rotated"]);
  });

  it("that are kept nowhere cannot be shown, and journald needs a journal", async () => {
    await user.succeed(["run", "-d", "--network=none", "--name", "mute", "--log-driver=none", image, "echo", "x"]);
    expect(await user.dhow(["logs", "mute"])).toMatchObject({
      exitCode: 125,
      stderr:
        "Error: this container is using the 'none' log driver, cannot read logs: this container is not logging output\n",
    });
    if (existsSync("/run/systemd/journal/socket")) return;
    expect(await user.dhow(["create", "--log-driver=journald", image])).toMatchObject({
      exitCode: 125,
      stderr: expect.stringContaining(
        "log driver journald needs systemd's journal, which does not run on this machine",
      ),
    });
  });
});
