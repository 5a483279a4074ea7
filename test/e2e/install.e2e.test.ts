import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";

const { prefix } = inject("installation");
const packageFolder = join(prefix, "lib/node_modules/dhow");
const { version } = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8"));

describe("the packed package", () => {
  it("puts dhow on PATH as a link into the package", () => {
    expect(readlinkSync(join(prefix, "bin/dhow"))).toBe("../lib/node_modules/dhow/bin/dhow");
    expect(statSync(join(prefix, "bin/dhow")).mode & 0o111).toBe(0o111);
  });

  it("holds the licence, the documents and what was built, and no sources", () => {
    const names = readdirSync(packageFolder);
    expect(names).toEqual(expect.arrayContaining(["LICENSE", "README.md", "CHANGELOG.md", "bin", "dist", "scripts"]));
    expect(names).not.toContain("src");
    expect(names).not.toContain("test");
    expect(readdirSync(join(packageFolder, "scripts"))).toEqual(["install-system-packages"]);
  });
});

describe.skipIf(!canBe("range"))("an installed dhow", () => {
  let user: TestUser;
  beforeAll(() => {
    user = testUser("range");
  });
  afterAll(() => user.dispose());

  it("tells its version", async () => {
    expect(await user.succeed(["--version"])).toBe(`dhow version ${version}`);
  });

  it("runs the image that it makes by itself", async () => {
    const image = "localhost/dhow-busybox:latest";
    expect(await user.succeed(["run", "--rm", "--network", "none", image, "echo", "hello from a container"])).toBe(
      "hello from a container",
    );
    await user.expectNothingLeft();
  });

  it("works through a link to the link, from any directory", async () => {
    await user.program(["ln", "-s", join(prefix, "bin/dhow"), "my-dhow"]);
    const { stdout } = await user.program([join(user.home, "my-dhow"), "--version"], { cwd: "/" });
    expect(stdout).toBe(`dhow version ${version}\n`);
  });

  it("needs nothing in PATH but sh to tell its version", async () => {
    const { exitCode, stderr } = await user.dhow(["--version"], { env: { PATH: `${prefix}/bin:/usr/bin:/bin` } });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  });

  it("goes through a terminal", async () => {
    const terminal = user.terminal(["--version"]);
    await terminal.expect(`dhow version ${version}`);
    expect(await terminal.exit()).toBe(0);
  });
});
