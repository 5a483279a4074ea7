import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeRunDirectory } from "../../src/rootless/run-directory.ts";

describe("makeRunDirectory()", () => {
  let folder: string;
  const uid = process.getuid?.() ?? 0;
  const make = (runtimeDirectory?: string) =>
    makeRunDirectory({ runtimeDirectory, run: join(folder, "run"), temporary: join(folder, "tmp"), uid });
  const fallback = () => join(folder, `tmp/dhow-${uid}`);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "dhow-test-run-"));
    mkdirSync(join(folder, "tmp"));
    mkdirSync(join(folder, "session"), { mode: 0o700 });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("prefers the session's folder, then the system's, then /tmp", () => {
    expect(make()).toBe(fallback());
    mkdirSync(join(folder, `run/user/${uid}`), { recursive: true });
    expect(make()).toBe(join(folder, `run/user/${uid}/dhow`));
    expect(make(join(folder, "session"))).toBe(join(folder, "session/dhow"));
    expect(statSync(join(folder, "session/dhow")).mode & 0o777).toBe(0o700);
  });

  it.each([
    ["others may write to", () => chmodSync(join(folder, "session"), 0o777)],
    ["is a link", () => symlinkSync(join(folder, "tmp"), join(folder, "session"))],
    ["does not exist", () => rmSync(join(folder, "session"), { recursive: true, force: true })],
  ])("passes over a session folder that %s", (what, arrange) => {
    if (what === "is a link") rmSync(join(folder, "session"), { recursive: true });
    arrange();
    expect(make(join(folder, "session"))).toBe(fallback());
  });

  it("passes over a relative path", () => expect(make("session")).toBe(fallback()));

  it("closes its own folder in /tmp to others, and finds it again", () => {
    mkdirSync(fallback(), { mode: 0o755 });
    expect(make()).toBe(fallback());
    expect(statSync(fallback()).mode & 0o777).toBe(0o700);
  });

  it.each<[string, () => void, string]>([
    ["a link", () => symlinkSync("/etc", fallback()), "it is a symbolic link"],
    ["a file", () => writeFileSync(fallback(), ""), "it is not a directory"],
    [
      "open to others",
      () => {
        mkdirSync(fallback());
        chmodSync(fallback(), 0o777);
      },
      "others can write to it",
    ],
  ])("refuses what waits in /tmp: %s", (_, arrange, reason) => {
    arrange();
    expect(() => make()).toThrow(`cannot use ${fallback()} as the run folder: ${reason}`);
  });

  it.runIf(uid === 0)("refuses somebody else's folder in /tmp", () => {
    mkdirSync(fallback());
    chownSync(fallback(), 65534, 65534);
    expect(() => make()).toThrow("it belongs to uid 65534, not to you");
  });
});
