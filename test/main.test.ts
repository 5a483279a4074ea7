import { spawn, spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const main = new URL("../src/main.ts", import.meta.url).pathname;
const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};
let home: string;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "dhow-main-"));
});

afterAll(() => rmSync(home, { recursive: true, force: true }));

function dhow(argv: readonly string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...argv], {
    encoding: "utf8",
    env: { PATH: process.env.PATH, HOME: home, ...env },
  });
  return { status, stdout, stderr };
}

describe("dhow fails in Podman's words", () => {
  it.each<[string[], string]>([
    [["nosuch"], "Error: unrecognized command `dhow nosuch`\nTry 'dhow --help' for more information\n"],
    [
      ["image", "nosuch"],
      "Error: unrecognized command `dhow image nosuch`\nTry 'dhow image --help' for more information\n",
    ],
    [
      ["verison"],
      "Error: unrecognized command `dhow verison`\n\nDid you mean this?\n\tversion\n\nTry 'dhow --help' for more information\n",
    ],
    [["version", "--nosuch"], "Error: unknown flag: --nosuch\nSee 'dhow version --help'\n"],
    [["version", "--formt", "x"], "Error: unknown flag: --formt\nDid you mean --format?\nSee 'dhow version --help'\n"],
    [["version", "-z"], "Error: unknown shorthand flag: 'z' in -z\nSee 'dhow version --help'\n"],
    [["version", "--format"], "Error: flag needs an argument: --format\nSee 'dhow version --help'\n"],
    [["--nosuch", "version"], "Error: unknown flag: --nosuch\nSee 'dhow --help'\n"],
    [["version", "extra"], "Error: `dhow version` takes no arguments\n"],
    [["run"], "Error: requires at least 1 arg(s), only received 0\n"],
    [["completion", "bash", "zsh"], "Error: accepts 1 arg(s), received 2\n"],
    [
      ["version", "--format", "{{.Nosuch}}"],
      `Error: template: version:1:2: executing "version" at <.Nosuch>: can't evaluate field Nosuch in type *define.Version\n`,
    ],
    [["version", "--format", "{{"], "Error: template: version:1: unclosed action\n"],
    [["completion", "tcsh"], 'Error: no completion for the shell "tcsh"\nchoose one of bash, zsh, fish\n'],
  ])("%j", (argv, stderr) => {
    expect(dhow(argv)).toEqual({ status: 125, stdout: "", stderr });
  });

  it("names the global flags that it cannot honour", () => {
    const { status, stderr } = dhow(["--remote", "version"]);
    expect(status).toBe(125);
    expect(stderr).toMatch(/^Error: cannot use --remote: /);
    expect(dhow(["version", "--volumepath", "/x"]).stderr).toMatch(/^Error: cannot use --volumepath: /);
  });

  it("shows help on stdout when a group is given without a command", () => {
    const { status, stdout, stderr } = dhow(["container"]);
    expect(status).toBe(125);
    expect(stderr).toBe("Error: missing command 'dhow container COMMAND'\n");
    expect(stdout).toMatch(/^Manage containers\n\nUsage:\n {2}dhow container \[command\]\n\nAvailable Commands:\n/);
  });
});

describe("dhow shows", () => {
  it.each([[["--version"]], [["-v"]], [["--log-level", "debug", "-v"]]])("its version by %j", (argv) => {
    expect(dhow(argv)).toEqual({ status: 0, stdout: `dhow version ${version}\n`, stderr: "" });
  });

  it("a template's result", () => {
    expect(dhow(["version", "-f", "{{.Client.Version}}\\t{{.Client.Os}}"])).toMatchObject({
      stdout: `${version}\tlinux\n`,
    });
  });

  it.each([[["help", "version"]], [["version", "--help"]], [["version", "-h"]]])("a command's help by %j", (argv) => {
    const { status, stdout, stderr } = dhow(argv);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("\nUsage:\n  dhow version [options]\n");
    expect(stdout).toContain("\nOptions:\n  -f, --format string  Change the output format");
  });

  it("every command that it has in its help, one a line", () => {
    const { stdout } = dhow(["--help"]);
    const commands = /\nAvailable Commands:\n(.*)\n\nOptions:/s.exec(stdout)?.[1]?.split("\n") ?? [];
    expect(commands.filter((line) => line !== "").every((line) => /^ {2}[a-z-]+ +[A-Z]/.test(line))).toBe(true);
    expect(commands.some((line) => line.startsWith("  run "))).toBe(true);
    expect(stdout).not.toContain("__complete");
  });
});

describe("dhow", () => {
  it("works in the folder that the launcher names", () => {
    expect(dhow(["completion", "bash", "--file", "here"], { DHOW_CWD: home }).status).toBe(0);
    expect(readFileSync(join(home, "here"), "utf8")).toContain("complete -F _dhow dhow");
  });

  it("keeps V8's cache in the user's cache folder, and works without a home", () => {
    dhow(["version"], { XDG_CACHE_HOME: join(home, "cache") });
    expect(readFileSync(join(home, "here")).length).toBeGreaterThan(0);
    expect(spawnSync(process.execPath, [main, "version"], { env: {} }).status).toBe(0);
  });

  it("ends quietly when nobody reads its output", async () => {
    const child = spawn("sh", ["-c", `exec 3>&1; { "$0" "$1" help; echo "$?" >&3; } | true`, process.execPath, main], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { HOME: home },
    });
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    expect(err).toBe("");
    // Unless `true` lived longer than dhow.
    expect(["141\n", "0\n"]).toContain(out);
  });

  it("says so when the disk is full, without a stack", () => {
    const full = openSync("/dev/full", "w");
    const { status, stderr } = spawnSync(process.execPath, [main, "version"], {
      stdio: ["ignore", full, "pipe"],
      encoding: "utf8",
      env: { HOME: home },
    });
    closeSync(full);
    expect(status).toBe(125);
    expect(stderr).toBe("Error: ENOSPC: no space left on device, write\n");
  });

  it("completes without an engine, and never fails while doing so", () => {
    expect(dhow(["__complete", "dhow vers"])).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^version\t/),
      stderr: "",
    });
    expect(dhow(["__complete", "dhow rm "])).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(dhow(["__complete"])).toMatchObject({ status: 0, stderr: "" });
  });
});

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  let all = "";
  for await (const chunk of stream) all += String(chunk);
  return all;
}
