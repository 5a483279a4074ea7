import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";
import { pushImage } from "./registry.ts";

const { registry } = inject("installation");
const image = `${registry}/debian:bookworm`;

/** perl, and enough headers to make it an image of more than 25 000 files. */
const packages = ["perl", "libboost1.74-dev"];

describe.skipIf(!canBe("root"))("a Debian system as an image", () => {
  let user: TestUser;
  let files = 0;

  beforeAll(async () => {
    user = testUser("range");
    const folder = mkdtempSync(join(tmpdir(), "dhow-debian-"));
    chmodSync(folder, 0o755);
    try {
      const tree = join(folder, "root");
      const bootstrap = ["--variant=minbase", `--include=${packages.join(",")}`, "bookworm", tree];
      execFileSync("debootstrap", bootstrap, { stdio: ["ignore", "ignore", "inherit"] });
      files = Number(
        execFileSync("sh", ["-c", 'find "$1/usr" "$1/var" -xdev | wc -l', "sh", tree], { encoding: "utf8" }),
      );
      await pushImage(
        { host: registry, repository: "debian", tag: "bookworm" },
        {
          layers: [tree],
          config: { Cmd: ["bash"], Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"] },
        },
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    await user.succeed(["pull", "-q", "--tls-verify=false", image], { timeoutMs: 180_000 });
  }, 600_000);
  afterAll(() => user?.dispose());

  const run = (...argv: string[]) => user.succeed(["run", "--rm", "--network", "none", image, ...argv]);

  it("has more than 25 000 files, all unpacked", async () => {
    expect(files).toBeGreaterThan(25_000);
    expect(Number(await run("sh", "-c", "find /usr /var -xdev | wc -l"))).toBe(files);
  });

  it("runs apt-get", async () => {
    expect(await run("apt-get", "--version")).toMatch(/^apt 2\.\d+/);
  });

  it("runs perl", async () => {
    expect(await run("perl", "-MPOSIX", "-e", "print floor(42.9)")).toBe("42");
  });

  it("keeps owners, set-id bits and capabilities", async () => {
    expect(await run("stat", "-c", "%U:%G %a", "/usr/bin/passwd", "/var/mail", "/etc/shadow")).toBe(
      "root:root 4755\nroot:mail 2775\nroot:shadow 640",
    );
    expect(await run("dpkg", "--verify", "base-files", "coreutils", "perl-base")).toBe("");
  });

  it("leaves nothing behind", () => user.expectNothingLeft());
});
