import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";

describe.skipIf(!canBe("range"))("dhow image scp", () => {
  let user: TestUser;
  let env: Record<string, string>;
  beforeAll(() => {
    user = testUser("range");
    const { prefix } = inject("installation");
    // An ssh that takes the other home directory of this user for another host.
    const bin = join(user.home, "bin");
    mkdirSync(bin);
    const other = join(user.home, "other");
    mkdirSync(join(other, ".run"), { recursive: true, mode: 0o700 });
    const script = `#!/bin/sh
[ "$1 $2 $3 $4" = "-p 2222 -- bob@far.example" ] || { echo "unexpected: $*" >&2; exit 255; }
exec env HOME=${other} XDG_RUNTIME_DIR=${other}/.run sh -c "$5"
`;
    writeFileSync(join(bin, "ssh"), script);
    chmodSync(join(bin, "ssh"), 0o755);
    for (const path of [bin, other, join(other, ".run")]) chownSync(path, user.uid, user.uid);
    env = { PATH: `${bin}:${prefix}/bin:/usr/local/bin:/usr/bin:/bin` };
  });
  afterAll(() => user?.dispose());

  it("copies an image to another host, and back", async () => {
    await user.succeed(["run", "--rm", "--network", "none", "localhost/dhow-busybox", "true"]);
    await user.succeed(["tag", "localhost/dhow-busybox", "copied:1"]);
    const far = "bob@far.example:2222::";
    expect(await user.succeed(["image", "scp", "copied:1", far], { env })).toBe("Loaded image: localhost/copied:1");
    await user.succeed(["rmi", "copied:1"]);
    expect(await user.succeed(["image", "scp", "-q", "--format", "oci-archive", `${far}copied:1`], { env })).toBe("");
    expect((await user.dhow(["image", "exists", "copied:1"])).exitCode).toBe(0);
    const missing = await user.dhow(["image", "scp", "nowhere:1", far], { env });
    expect(missing).toMatchObject({ exitCode: 125, stderr: expect.stringContaining("saving nowhere:1 failed") });
    expect((await user.dhow(["image", "scp", "copied:1"])).stderr).toContain("must specify a destination");
  });
});
