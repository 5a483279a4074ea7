import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";

const name = "localhost/app:latest";

describe.skipIf(!canBe("range"))("dhow auto-update", () => {
  let user: TestUser;
  beforeAll(async () => {
    user = testUser("range");
    await build("1", "CMD sleep 1000");
  });
  afterAll(() => user?.dispose());

  /** Gives the name to a new image. */
  async function build(version: string, change: string): Promise<void> {
    const base = await user.succeed(["create", "--network=none", "localhost/dhow-busybox:latest", "true"]);
    await user.succeed(["commit", "-q", "--change", `ENV VERSION=${version}`, "--change", change, base, name]);
    await user.succeed(["rm", base]);
  }
  const update = (...flags: string[]) =>
    user.dhow(["auto-update", "--format", "{{.ContainerName}} {{.Image}} {{.Policy}} {{.Updated}}", ...flags]);
  const version = (container: string) => user.succeed(["exec", container, "sh", "-c", "echo $VERSION $MINE"]);

  it("replaces containers when their image is newer, keeps what was asked for, and rolls back what does not start", async () => {
    const flags = ["--network=none", "--stop-timeout=0", "-e", "MINE=kept"];
    await user.succeed(["run", "-d", "--name", "app", ...flags, "--label", "io.containers.autoupdate=local", name]);
    await user.succeed(["run", "-d", "--name", "other", ...flags, name]);
    expect(await update()).toMatchObject({ exitCode: 0, stdout: `app ${name} local false\n` });

    await build("2", "CMD sleep 1000");
    expect(await update("--dry-run")).toMatchObject({ stdout: `app ${name} local pending\n` });
    expect(await version("app")).toBe("1 kept");
    expect(await update()).toMatchObject({ exitCode: 0, stdout: `app ${name} local true\n` });
    expect([await version("app"), await version("other")]).toEqual(["2 kept", "1 kept"]);

    await build("3", "CMD false");
    expect(await update()).toMatchObject({
      ...{ exitCode: 125, stdout: `app ${name} local rolled back\n` },
      stderr: "Error: the new container ended with exit code 1\n",
    });
    expect(await version("app")).toBe("2 kept");
    expect(await update("--rollback=false")).toMatchObject({ stdout: `app ${name} local failed\n` });
    expect((await user.succeed(["ps", "-a", "--format", "{{.Names}}"])).split("\n").sort()).toEqual(["app", "other"]);

    const table = await user.succeed(["auto-update"]);
    expect(table).toMatch(/^UNIT +CONTAINER +IMAGE +POLICY +UPDATED$/);
    await user.succeed([
      "run",
      "-d",
      "--name",
      "odd",
      ...flags,
      "--label",
      "io.containers.autoupdate=daily",
      name,
      "sleep",
      "9",
    ]);
    expect((await update()).stderr).toContain('invalid auto-update policy "daily"');
    await user.succeed(["rm", "--all", "--force", "--time", "0"]);
    await user.expectNothingLeft();
  });
});
