import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { kill, makeSandbox, type Sandbox } from "../rootless/sandbox.ts";

const launcher = resolve(import.meta.dirname, "../../bin/dhow");
const reportingMain = `
  const { readlinkSync } = require("node:fs");
  const { DHOW_IN_NAMESPACE, DHOW_CWD, DHOW_RUN_DIR, DHOW_UID, DHOW_GID } = process.env;
  const user = readlinkSync("/proc/self/ns/user");
  const variables = { DHOW_IN_NAMESPACE, DHOW_CWD, DHOW_RUN_DIR, DHOW_UID, DHOW_GID };
  process.stdout.write(JSON.stringify({ user, argv: process.argv.slice(2), node: process.execPath, main: __filename, variables }));
  process.exitCode = 3;`;

/** What a program in place of Node does: it says how it was called. */
const fakeNode = (name: string, version = "v24.0.0") => `#!/bin/sh
case $2 in *check-node.cjs) echo "${name} ${version} through check-node";; *) echo "${name} main";; esac\n`;

describe("bin/dhow", () => {
  let folder: string;
  let home: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "dhow-test-launcher-"));
    home = join(folder, "home");
    mkdirSync(home);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A package as npm installs it: the real launcher, and a program that reports in the place of dhow's. */
  function install(path: string): string {
    const root = join(folder, path);
    mkdirSync(join(root, "bin"), { recursive: true });
    mkdirSync(join(root, "dist"));
    for (const name of ["dhow", "check-node.cjs"]) copyFileSync(join(launcher, "..", name), join(root, "bin", name));
    writeFileSync(join(root, "dist/main.cjs"), reportingMain);
    return root;
  }

  function addNode(path: string, text: string): void {
    const file = join(folder, path);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, text);
    chmodSync(file, 0o755);
  }

  function run(file: string, args: string[] = [], { cwd = "/", environment = {} as Record<string, string> } = {}) {
    const env = { HOME: home, PATH: "/usr/bin:/bin", DHOW_NODE: process.execPath, ...environment };
    return spawnSync(file, args, { cwd, env, encoding: "utf8" });
  }

  function report(result: SpawnSyncReturns<string>) {
    expect(result.stderr).toBe("");
    return JSON.parse(result.stdout) as {
      user: string;
      argv: string[];
      node: string;
      main: string;
      variables: Record<string, string>;
    };
  }

  describe("finds its package", () => {
    it.each([
      ["npm's global link", "lib/node_modules/dhow", "bin/dhow", "../lib/node_modules/dhow/bin/dhow"],
      ["npm's local link", "node_modules/dhow", "node_modules/.bin/dhow", "../dhow/bin/dhow"],
      ["a link from anywhere", "some where/dhow", "elsewhere/d", "../some where/dhow/bin/dhow"],
    ])("through %s", (_, root, link, target) => {
      const installed = install(root);
      mkdirSync(join(folder, link, ".."), { recursive: true });
      symlinkSync(target, join(folder, link));
      expect(report(run(join(folder, link))).main).toBe(join(installed, "dist/main.cjs"));
    });

    it("called by a relative path", () => {
      const root = install("a b");
      expect(report(run("./bin/dhow", [], { cwd: root })).main).toBe(join(root, "dist/main.cjs"));
      expect(report(run("sh", ["dhow"], { cwd: join(root, "bin") })).main).toBe(join(root, "dist/main.cjs"));
    });

    it("and says what to do if it was not built", () => {
      const root = install("package");
      rmSync(join(root, "dist"), { recursive: true });
      const { status, stderr } = run(join(root, "bin/dhow"));
      expect(status).toBe(125);
      expect(stderr).toMatch(/^Error: dhow is not built: .*\/dist\/main\.cjs does not exist\nrun 'npm run build'/);
    });
  });

  it("hands arguments and the exit code through", () => {
    const result = run(join(install("package"), "bin/dhow"), ["run", "", "a b", "*", "--x=$HOME", "é"]);
    expect(report(result).argv).toEqual(["run", "", "a b", "*", "--x=$HOME", "é"]);
    expect(result.status).toBe(3);
  });

  describe("picks Node", () => {
    const architecture = process.arch;
    const withoutChoice = { DHOW_NODE: "" };

    it("from its own dependencies, then from beside it", () => {
      const root = install("node_modules/dhow");
      addNode(`node_modules/node-linux-${architecture}/bin/node`, fakeNode("hoisted"));
      expect(run(join(root, "bin/dhow"), [], { environment: withoutChoice }).stdout).toBe("hoisted main\n");
      addNode(`node_modules/dhow/node_modules/node-linux-${architecture}/bin/node`, fakeNode("nested"));
      expect(run(join(root, "bin/dhow"), [], { environment: withoutChoice }).stdout).toBe("nested main\n");
    });

    it("from PATH, through the check of its version", () => {
      const root = install("package");
      addNode("path/node", fakeNode("path"));
      const environment = { ...withoutChoice, PATH: `${folder}/path:/usr/bin:/bin` };
      expect(run(join(root, "bin/dhow"), [], { environment }).stdout).toBe("path v24.0.0 through check-node\n");
    });

    it("and says clearly that there is none", () => {
      const root = install("package");
      mkdirSync(join(folder, "empty"));
      const environment = { ...withoutChoice, PATH: join(folder, "empty") };
      const { status, stderr } = run(join(root, "bin/dhow"), [], { environment });
      expect(status).toBe(125);
      expect(stderr).toMatch(/^Error: cannot find Node.js: .*\ninstall Node.js 22.19 or newer/);
    });

    it.each([
      ["v20.20.2", false],
      ["v22.18.0", false],
      ["v22.19.0", true],
      ["v24.0.0", true],
    ])("%s: new enough is %s", (version, isEnough) => {
      const root = install("package");
      const pretend = `Object.defineProperty(process, "versions", { value: { node: "${version.slice(1)}" } });
        Object.defineProperty(process, "version", { value: "${version}" }); require(${JSON.stringify(join(root, "bin/check-node.cjs"))});`;
      const { status, stderr } = run(process.execPath, ["-e", pretend]);
      expect(status).toBe(isEnough ? 3 : 125);
      if (!isEnough)
        expect(stderr).toContain(`Error: dhow needs Node.js 22.19 or newer; ${process.execPath} is ${version}\n`);
    });
  });

  describe("enters the namespaces", () => {
    let sandbox: Sandbox;
    let dhow: string;
    beforeEach(() => {
      sandbox = makeSandbox();
      dhow = join(install("package"), "bin/dhow");
    });
    afterEach(() => sandbox.dispose());
    const enter = (options: { cwd?: string; environment?: Record<string, string> } = {}) =>
      report(
        run(dhow, [], {
          ...options,
          environment: { ...sandbox.environment, DHOW_NODE: process.execPath, ...options.environment },
        }),
      );

    it("only if they exist", () => {
      expect(enter({ environment: { DHOW_IN_NAMESPACE: "1", DHOW_RUN_DIR: "/x" } }).variables).toEqual({});
      const { user } = sandbox.enter();
      expect(enter({ cwd: "/usr" })).toMatchObject({
        user,
        variables: {
          DHOW_IN_NAMESPACE: "1",
          DHOW_CWD: "/usr",
          DHOW_RUN_DIR: sandbox.run,
          DHOW_UID: String(process.getuid?.()),
          DHOW_GID: String(process.getgid?.()),
        },
      });
    });

    it("not those of a dead or of another process", () => {
      const { user } = sandbox.enter();
      const record = readFileSync(sandbox.recordPath(), "latin1");
      const pid = sandbox.pausePid();
      const forged = [
        record.replace(/^(\d+) \d+/, "$1 1"),
        record.replace(/^\d+/, String(process.pid)),
        "",
        "1",
        "x y /z\n",
      ];
      for (const text of forged) {
        writeFileSync(sandbox.recordPath(), text);
        expect(enter().variables).toEqual({});
      }
      writeFileSync(sandbox.recordPath(), record);
      expect(enter().user).toBe(user);
      kill(pid);
      expect(enter().variables).toEqual({});
    });

    it.runIf(process.getuid?.() === 0)("not by another user's record", () => {
      sandbox.enter();
      spawnSync("chown", ["65534", sandbox.recordPath()]);
      expect(enter().variables).toEqual({});
    });

    it("not again when it is inside already", async () => {
      const { user } = sandbox.enter();
      const { line } = await sandbox.startInside(["env", `DHOW_NODE=${process.execPath}`, dhow, "x"]);
      expect(JSON.parse(line)).toMatchObject({
        user,
        variables: { DHOW_IN_NAMESPACE: "1", DHOW_UID: String(process.getuid?.()) },
      });
    });

    it("with whatever files the caller has open", () => {
      const { user } = sandbox.enter();
      const environment: Record<string, string> = { ...sandbox.environment, DHOW_NODE: process.execPath };
      for (const files of ["8</dev/null", "9</dev/null", "8</dev/null 9</dev/null"]) {
        const { stdout } = run("bash", ["-c", `exec ${files}; exec ${dhow}`], { environment });
        expect(JSON.parse(stdout)).toMatchObject({ user });
      }
    });

    it("from a working directory that has been deleted, and without a home", () => {
      const { user } = sandbox.enter();
      const gone = `mkdir gone && cd gone && rmdir ../gone && exec ${dhow}`;
      const environment: Record<string, string> = { ...sandbox.environment, DHOW_NODE: process.execPath };
      const deleted = run("bash", ["-c", gone], { cwd: folder, environment });
      expect(JSON.parse(deleted.stdout)).toMatchObject({ user });
      // Which home the user has can only be found outside.
      const { HOME: _, ...homeless } = environment;
      expect(JSON.parse(spawnSync(dhow, [], { cwd: "/", env: homeless, encoding: "utf8" }).stdout).variables).toEqual(
        {},
      );
      const { XDG_DATA_HOME: __, ...lost } = homeless;
      expect(JSON.parse(spawnSync(dhow, [], { cwd: "/", env: lost, encoding: "utf8" }).stdout).variables).toEqual({});
    });
  });
});
