import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ensureDirectoryInRoot, readInRoot, resolveInRoot } from "../../../src/container/spec/rootfs-path.ts";
import { resolveUser } from "../../../src/container/spec/user.ts";
import { completeUserDatabase } from "../../../src/container/spec/user-database.ts";
import type { PasswdConfig } from "../../../src/model/container-config.ts";

let scratch: string;
let root: string;
beforeEach(() => {
  scratch = mkdtempSync(`${tmpdir()}/dhow-user-`);
  root = `${scratch}/root`;
  mkdirSync(`${root}/etc`, { recursive: true });
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

const passwd = `root:x:0:0:root:/root:/bin/sh
# comment:x:1:1::/:
garbage
short:x
bad:x:abc:1::/:
bob:x:1000:100:Bob:/home/bob:/bin/sh
1001:x:2000:2000::/numbers:/bin/sh
`;
const group = `root:x:0:root
wheel:x:10:root,bob
broken:x:nine:bob
users:x:100:
docker:x:999:bob
`;

describe("resolveUser()", () => {
  beforeEach(() => {
    writeFileSync(`${root}/etc/passwd`, passwd);
    writeFileSync(`${root}/etc/group`, group);
  });
  it.each([
    { user: "", expected: { uid: 0, gid: 0, additionalGids: [0, 10], home: "/root" } },
    { user: "bob", expected: { uid: 1000, gid: 100, additionalGids: [10, 100, 999], home: "/home/bob" } },
    { user: "1000", expected: { uid: 1000, gid: 100, additionalGids: [10, 100, 999], home: "/home/bob" } },
    { user: "bob:users", expected: { uid: 1000, gid: 100, additionalGids: [100], home: "/home/bob" } },
    { user: "bob:55", expected: { uid: 1000, gid: 55, additionalGids: [55], home: "/home/bob" } },
    { user: "4242", expected: { uid: 4242, gid: 0, additionalGids: [0], home: "/", known: false } },
    { user: "4242:docker", expected: { uid: 4242, gid: 999, additionalGids: [999], home: "/" } },
    { user: "1001", expected: { uid: 2000, gid: 2000, home: "/numbers" } },
  ])("$user", ({ user, expected }) => {
    expect(resolveUser(root, user, [])).toMatchObject(expected);
  });
  it("adds groups by name and number", () => {
    expect(resolveUser(root, "bob:users", ["docker", "77"]).additionalGids).toEqual([77, 100, 999]);
  });
  it("complains as podman does", () => {
    expect(() => resolveUser(root, "nosuch", [])).toThrow(
      "unable to find user nosuch: no matching entries in passwd file",
    );
    expect(() => resolveUser(root, "bob:nosuch", [])).toThrow(
      "unable to find group nosuch: no matching entries in group file",
    );
    expect(() => resolveUser(root, "99999999999", [])).toThrow("uids and gids must be in range 0-2147483647");
  });
  it("does without the files", () => {
    rmSync(`${root}/etc`, { recursive: true });
    expect(resolveUser(root, "", [])).toMatchObject({ uid: 0, gid: 0, additionalGids: [], home: "/" });
    expect(resolveUser(root, "12:13", [])).toMatchObject({ uid: 12, gid: 13 });
  });
});

describe("completeUserDatabase()", () => {
  const stranger = { uid: 4242, gid: 7, known: false };
  const standard = { enabled: true, passwdEntry: undefined, groupEntry: undefined, hostUsers: [] };
  const complete = (user: Partial<typeof stranger>, passwd: Partial<PasswdConfig> = {}) =>
    completeUserDatabase(root, { user: { ...stranger, ...user }, passwd: { ...standard, ...passwd }, home: "/srv" });

  it("adds who is missing, and nobody else", () => {
    writeFileSync(`${root}/etc/passwd`, "root:x:0:0::/root:/bin/sh");
    writeFileSync(`${root}/etc/group`, "root:x:0:\n");
    expect(complete({})).toEqual({
      passwd: "root:x:0:0::/root:/bin/sh\n4242:*:4242:7:container user:/srv:/bin/sh\n",
      group: "root:x:0:\n7:x:7:\n",
    });
    expect(complete({ known: true })).toEqual({ passwd: undefined, group: undefined });
    expect(complete({}, { enabled: false })).toEqual({ passwd: undefined, group: undefined });
  });
  it("takes lines of the user's own, and users of the host", () => {
    writeFileSync(`${root}/etc/passwd`, "root:x:0:0::/root:/bin/sh\n");
    writeFileSync(`${root}/etc/group`, "root:x:0:\n");
    const hostUsers = ["ana:*:4242:7:Ana:$HOME:/bin/sh", "root:*:0:0::/:/bin/sh"];
    expect(complete({}, { hostUsers }).passwd).toBe("root:x:0:0::/root:/bin/sh\nana:*:4242:7:Ana:/srv:/bin/sh\n");
    const passwdEntry = "$USERNAME:*:$UID:$GID:$NAME:$HOME:/bin/ash";
    expect(complete({}, { hostUsers, passwdEntry, groupEntry: "g:x:$GID:" })).toEqual({
      passwd: "root:x:0:0::/root:/bin/sh\nana:*:4242:7:container user:/srv:/bin/ash\n",
      group: "root:x:0:\ng:x:7:\n",
    });
  });
  it("leaves images alone that have no users", () => {
    expect(complete({})).toEqual({ passwd: undefined, group: undefined });
  });
});

describe("files of a hostile image", () => {
  it("are read inside of the root only", () => {
    writeFileSync(`${scratch}/secret`, "root:x:666:0::/:\n");
    writeFileSync(`${root}/etc/real`, passwd);
    symlinkSync("../../../../../../../../secret", `${root}/etc/passwd`);
    expect(resolveUser(root, "", []).uid).toBe(0);
    rmSync(`${root}/etc/passwd`);
    symlinkSync("/etc/real", `${root}/etc/passwd`);
    expect(resolveUser(root, "bob", []).uid).toBe(1000);
  });
  it("count as absent when they are fifos, folders or loops", () => {
    execFileSync("mkfifo", [`${root}/etc/fifo`]);
    symlinkSync("loop", `${root}/etc/loop`);
    mkdirSync(`${root}/etc/folder`);
    expect(readInRoot(root, "/etc/fifo", 100)).toBeUndefined();
    expect(readInRoot(root, "/etc/loop", 100)).toBeUndefined();
    expect(readInRoot(root, "/etc/folder", 100)).toBeUndefined();
  });
  it("are read inside of the root while links are put in the way", () => {
    mkdirSync(`${scratch}/outside`);
    writeFileSync(`${scratch}/outside/passwd`, "outside");
    writeFileSync(`${root}/etc/passwd`, "inside");
    const swap = "while :; do mv etc kept; ln -s ../outside etc; rm etc; mv kept etc; done";
    const swapper = spawn("sh", ["-c", swap], { cwd: root, stdio: "ignore" });
    try {
      const seen = new Set<string | undefined>();
      const deadline = Date.now() + 20_000;
      for (let count = 0; count < 3000 || (seen.size < 2 && Date.now() < deadline); count++) {
        seen.add(readInRoot(root, "/etc/passwd", 100));
      }
      expect(seen).toEqual(new Set(["inside", undefined]));
    } finally {
      swapper.kill("SIGKILL");
    }
  });
  it("are read up to a limit", () => {
    writeFileSync(`${root}/etc/long`, "x".repeat(1000));
    expect(readInRoot(root, "/etc/long", 10)).toBe("x".repeat(10));
  });
});

describe("resolveInRoot()", () => {
  it("follows links as the container would", () => {
    symlinkSync("/var", `${root}/abs`);
    symlinkSync("../../..", `${root}/etc/up`);
    expect(resolveInRoot(root, "/abs/x")).toBe(`${root}/var/x`);
    expect(resolveInRoot(root, "/etc/up/../x")).toBe(`${root}/x`);
    expect(resolveInRoot(root, "../../x")).toBe(`${root}/x`);
  });
  it("gives up on loops", () => {
    symlinkSync("b", `${root}/a`);
    symlinkSync("a", `${root}/b`);
    expect(() => resolveInRoot(root, "/a/x")).toThrow("too many symbolic links");
  });
});

describe("ensureDirectoryInRoot()", () => {
  const owner = { uid: 0, gid: 0 };
  it("makes what is missing, inside of the root", () => {
    symlinkSync(`${scratch}/outside`, `${root}/link`);
    ensureDirectoryInRoot(root, "/a/b", owner);
    ensureDirectoryInRoot(root, "/a/b", owner);
    ensureDirectoryInRoot(root, "/link/c", owner);
    expect(existsSync(`${root}/a/b`)).toBe(true);
    expect(existsSync(`${scratch}/outside`)).toBe(false);
    expect(existsSync(`${root}${scratch}/outside/c`)).toBe(true);
  });
  it("refuses a file in its place", () => {
    writeFileSync(`${root}/file`, "");
    expect(() => ensureDirectoryInRoot(root, "/file", owner)).toThrow(
      'workdir "/file" cannot be used: it is not a directory',
    );
    expect(() => ensureDirectoryInRoot(root, "/file/x", owner)).toThrow("it is not a directory");
  });
});
