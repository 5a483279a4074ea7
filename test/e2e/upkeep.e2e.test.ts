import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";

const image = "localhost/dhow-busybox:latest";

describe.skipIf(!canBe("range"))("what dhow keeps on the disk", () => {
  let user: TestUser;
  const data = () => join(user.home, ".local/share/dhow");
  const du = async (...folders: string[]) => {
    const argv = ["unshare", "du", "--total", "--summarize", "--block-size=1"];
    const lines = (await user.succeed([...argv, ...folders.map((folder) => join(data(), folder))])).split("\n");
    return Number(lines.at(-1)?.split("\t")[0]);
  };

  beforeAll(async () => {
    user = testUser("range");
    await user.succeed([
      "run",
      "--network",
      "none",
      "--name",
      "writer",
      image,
      "dd",
      "if=/dev/urandom",
      "of=/f",
      "bs=1k",
      "count=500",
    ]);
    await user.succeed(["volume", "create", "hold"]);
  });
  afterAll(() => user?.dispose());

  it("dhow system df tells what du tells", async () => {
    const [images, containers, volumes] = JSON.parse(await user.succeed(["system", "df", "--format", "json"]));
    expect(Math.abs(images.RawSize / (await du("layers", "blobs")) - 1)).toBeLessThan(0.02);
    const id = await user.succeed(["inspect", "--format", "{{.Id}}", "writer"]);
    expect(containers).toMatchObject({ Total: 1, Active: 0, RawSize: await du(`containers/${id}/diff`) });
    expect(volumes).toMatchObject({ Type: "Local Volumes", Total: 1, Active: 0 });
    const table = (await user.succeed(["system", "df"])).split("\n");
    expect(table[0]).toMatch(/^TYPE +TOTAL +ACTIVE +SIZE +RECLAIMABLE$/);
    expect(table[1]).toMatch(/^Images +1 +1 +[\d.]+MB +0B \(0%\)$/);
    expect(table[2]).toMatch(/^Containers +1 +0 +[\d.]+kB +[\d.]+kB \(100%\)$/);
    const details = await user.succeed(["system", "df", "--verbose"]);
    expect(details).toMatch(/^localhost\/dhow-busybox +latest +\w{12} +.* +[\d.]+MB +0B +[\d.]+MB +1$/m);
    expect(details).toMatch(/^\w{12} +\w{12} +dd if=.* +0 +[\d.]+kB +.* +exited +writer$/m);
    expect(details).toMatch(/^hold +0 +[\d.]+k?B$/m);
    expect(await user.dhow(["system", "df", "-v", "--format", "json"])).toMatchObject({
      exitCode: 125,
      stderr: "Error: cannot combine --format and --verbose flags\n",
    });
  });

  it("dhow system prune asks, then removes what is not in use", async () => {
    const asked = await user.dhow(["system", "prune"], { input: "n\n" });
    expect(asked.stdout).toContain(
      "\t- all stopped containers\n\t- all networks not used by at least one container\n\t- all dangling images\n",
    );
    expect(await user.succeed(["ps", "-aq"])).not.toBe("");
    expect(await user.succeed(["system", "prune", "--force", "--filter", "until=1h"])).toBe(
      "Total reclaimed space: 0B",
    );
    const pruned = await user.succeed(["system", "prune", "--force", "--all", "--volumes"]);
    expect(pruned).toMatch(
      /^Deleted Containers\n\w{64}\nDeleted Volumes\nhold\nDeleted Images\n\w{64}\nTotal reclaimed space: [\d.]+MB$/,
    );
    expect(await user.succeed(["system", "df", "--format", "{{.Type}} {{.Size}}"])).toBe(
      "Images 0B\nContainers 0B\nLocal Volumes 0B",
    );
    expect(await user.succeed(["system", "prune", "--external"])).toBe("");
  });

  it("dhow system reset removes everything, and running containers, too", async () => {
    await user.succeed(["run", "-d", "--network", "none", image, "sleep", "1000"]);
    await user.dhow(["system", "reset"], { input: "no\n" });
    expect(await user.succeed(["ps", "-q"])).not.toBe("");
    expect(await user.succeed(["system", "reset", "--force"])).toBe("");
    expect(existsSync(data())).toBe(false);
    expect(await user.succeed(["images", "-q"])).toBe("");
    await user.expectNothingLeft();
  });
});

describe.skipIf(!canBe("root"))("on a full disk", () => {
  let user: TestUser;
  let folder: string;

  beforeAll(() => {
    user = testUser("root");
    folder = join(user.home, "small");
    execFileSync("mkdir", [folder]);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=32m", "dhow-test", folder]);
  });
  afterAll(async () => {
    execFileSync("umount", ["--lazy", folder]);
    await user?.dispose();
  });

  it("dhow system prune makes room", async () => {
    const root = ["--root", join(folder, "data")];
    await user.succeed([...root, "image", "inspect", image]);
    await user.succeed([...root, "image", "prune", "--force"]);
    await user.program(["sh", "-c", `cat /dev/zero > ${folder}/filler`]);
    const failed = await user.dhow([...root, "tag", image, "other"]);
    expect(failed).toMatchObject({ exitCode: 125, stderr: expect.stringContaining("'dhow system prune' makes room") });
    expect(await user.succeed([...root, "system", "prune", "--all", "--force"])).toMatch(
      /^Deleted Images\n\w{64}\nTotal reclaimed space: [\d.]+MB$/,
    );
    expect(await user.succeed([...root, "images", "-q"])).toBe("");
  });
});
