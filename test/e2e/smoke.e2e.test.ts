import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { canBe, type TestUser, testUser, type UserKind } from "./harness.ts";
import { pushImage } from "./registry.ts";

const { registry } = inject("installation");
const busybox = "localhost/dhow-busybox:latest";
const image = `${registry}/smoke:latest`;

/** A layer with a file of uid 1234, which only somebody with a subordinate range can have. */
async function pushOwned(user: TestUser): Promise<void> {
  const tree = `${user.home}/tree`;
  await user.program(["mkdir", "-p", `${tree}/data`]);
  await user.program(["sh", "-c", `echo content > ${tree}/data/file`]);
  const { stdout } = await user.program([
    "sh",
    "-c",
    `tar -C ${tree} --owner=1234 --group=1234 --numeric-owner -cf - data | base64 -w0`,
  ]);
  await pushImage({ host: registry, repository: "smoke", tag: "latest" }, { layers: [Buffer.from(stdout, "base64")] });
}

describe.each<{ kind: UserKind; hasRange: boolean }>([
  { kind: "root", hasRange: true },
  { kind: "range", hasRange: true },
  { kind: "norange", hasRange: false },
])("dhow as $kind", ({ kind, hasRange }) => {
  describe.skipIf(!canBe(kind))("", () => {
    let user: TestUser;
    beforeAll(() => {
      user = testUser(kind);
    });
    afterAll(() => user?.dispose());

    it("runs a container, as its root", async () => {
      expect(await user.succeed(["run", "--rm", "--network", "none", busybox, "id", "-u"])).toBe("0");
    });

    it("warns once, and only those who have no range", async () => {
      const first = await user.dhow(["run", "--rm", "--network", "none", busybox, "true"]);
      expect(first).toMatchObject({ exitCode: 0, stderr: "" });
    });

    it("gives a container the pasta network", async () => {
      const output = await user.succeed(["run", "--rm", busybox, "ip", "-o", "link"]);
      expect(output.split("\n")).toHaveLength(2);
    });

    it("starts in the background, executes, stops, starts again and removes", async () => {
      const id = await user.succeed(["run", "-d", "--name", "web", "--network", "none", busybox, "sleep", "1000"]);
      expect(id).toMatch(/^[0-9a-f]{64}$/);
      expect(await user.succeed(["exec", "web", "echo", "inside"])).toBe("inside");
      expect(await user.succeed(["ps", "--format", "{{.Names}} {{.State}}"])).toBe("web running");
      expect(await user.succeed(["stop", "-t", "0", "web"])).toBe("web");
      expect(await user.succeed(["start", "web"])).toBe("web");
      expect(await user.succeed(["rm", "-f", "-t", "0", "web"])).toBe("web");
    });

    it("pulls an image and keeps the owners of its files as far as the user can", async () => {
      await pushOwned(user);
      await user.succeed(["pull", "-q", "--tls-verify=false", image]);
      expect(
        await user.succeed(["unshare", "sh", "-c", 'stat -c %u "$1"/layers/*/diff/data/file', "sh", dataOf(user)]),
      ).toBe(hasRange ? "1234" : "0");
    });

    it("knows the user's own home where HOME is unset, not the one of the namespace's root", async () => {
      const { stdout: passwd } = await user.program(["getent", "passwd", user.name]);
      const data = `XDG_DATA_HOME=${user.home}/.local/share`;
      const { stdout } = await user.program(["env", "-u", "HOME", data, "dhow", "unshare", "printenv", "HOME"]);
      expect(stdout.trim()).toBe(passwd.split(":")[5]);
    });

    it("is told by doctor that containers can run", async () => {
      const { exitCode, stdout } = await user.dhow(["doctor"]);
      expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
      if (!hasRange) expect(stdout).toContain("/etc/subuid");
    });

    it("leaves nothing behind", () => user.expectNothingLeft());
  });
});

function dataOf({ home }: TestUser): string {
  return `${home}/.local/share/dhow`;
}
