import { execFileSync } from "node:child_process";
import { chownSync, closeSync, constants, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";

const image = "localhost/dhow-busybox:latest";
const making = `Making the image ${image}`;
const run = ["run", "--rm", "--network", "none", image, "echo", "hello"];
/** To the start of the line, clear it, show the cursor. */
const cleared = "\u001b[1G\u001b[0K\u001b[?25h";

describe.skipIf(!canBe("range"))("spinners", () => {
  let user: TestUser;
  beforeAll(() => {
    user = testUser("range");
  });
  afterAll(() => user?.dispose());

  /** What `dhow load` reads from: it waits there for what `write` gives it, until `end` is called. */
  function openArchivePipe(name: string) {
    const path = join(user.home, name);
    execFileSync("mkfifo", [path]);
    chownSync(path, user.uid, -1);
    const fd = openSync(path, constants.O_RDWR);
    return { path, write: (text: string) => void writeSync(fd, text), end: () => closeSync(fd) };
  }

  it("are for terminals alone", async () => {
    expect(await user.dhow(run)).toEqual({ exitCode: 0, stdout: "hello\n", stderr: "" });
  });

  it("show that an image is being made, and go away", async () => {
    await user.succeed(["rmi", image]);
    const terminal = user.terminal(run);
    await terminal.expect(making);
    await terminal.expect(`${cleared}hello`);
    expect(await terminal.exit()).toBe(0);
  });

  it.each([
    ["--quiet", ["run", "--quiet", ...run.slice(1)], {}],
    ["NO_COLOR", run, { env: { NO_COLOR: "1" } }],
    ["a dumb terminal", run, { env: { TERM: "dumb" } }],
    ["a terminal of unknown size", run, { columns: 0, rows: 0 }],
  ])("spare %s", async (_, argv, options) => {
    await user.succeed(["rmi", image]);
    const terminal = user.terminal(argv, options);
    await terminal.expect("hello");
    expect(await terminal.exit()).toBe(0);
    expect(terminal.text()).not.toContain("Making");
  });

  it("go away before a failure is shown", async () => {
    const archive = openArchivePipe("broken.tar");
    archive.write("no archive");
    const terminal = user.terminal(["load", "--input", archive.path]);
    await terminal.expect("Loading images");
    archive.end();
    await terminal.expect(
      `${cleared}Error: payload does not match any of the supported image formats: cannot read the archive`,
    );
    expect(await terminal.exit()).toBe(125);
  });

  it("go away on Ctrl-C, which ends the command", async () => {
    const archive = openArchivePipe("slow.tar");
    archive.write("no archive yet");
    const terminal = user.terminal(["load", "--input", archive.path]);
    await terminal.expect("Loading images");
    terminal.send("\u0003");
    await terminal.expect(cleared);
    // The shell around it ends, too, so that nobody is left to tell the exit code.
    await expect.poll(() => execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })).not.toContain(archive.path);
    archive.end();
  });
});
