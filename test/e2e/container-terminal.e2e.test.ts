import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";
import type { Terminal } from "./terminal.ts";

const image = "localhost/dhow-busybox:latest";
const run = ["run", "--network", "none", "-it"];
const detachKeys = "\u0010\u0011";

describe.skipIf(!canBe("range"))("containers on a terminal", () => {
  let user: TestUser;
  beforeAll(() => {
    user = testUser("range");
  });
  afterAll(() => user?.dispose());

  /** Fails unless the command ends with that code and leaves the terminal as it was before: not raw, with echo. */
  async function expectEnd(terminal: Terminal, exitCode: number): Promise<void> {
    await expect.poll(() => terminal.text(), { timeout: 60_000 }).toContain("ended with");
    const settings = terminal.settings();
    for (const name of ["icanon", "isig", "opost", "echo"]) expect(settings).toMatch(new RegExp(`(?<!-)\\b${name}\\b`));
    expect(await terminal.exit()).toBe(exitCode);
  }

  it("have the size of the terminal, and follow it", async () => {
    const script = 'stty size; while read -r line; do stty size; [ "$line" = end ] && exit 6; done';
    const terminal = user.terminal([...run, "--rm", image, "sh", "-c", script], { columns: 99, rows: 33 });
    await terminal.expect("33 99");
    expect(terminal.settings()).toMatch(/-icanon/);
    terminal.resize(120, 40);
    const asked = setInterval(() => terminal.send("\n"), 200);
    await terminal.expect("40 120");
    clearInterval(asked);
    terminal.send("end\n");
    await expectEnd(terminal, 6);
  });

  it("get the keys that stand for signals", async () => {
    const terminal = user.terminal([
      ...run,
      "--rm",
      image,
      "sh",
      "-c",
      'trap "echo INT; exit 9" INT; echo ready; while :; do sleep 0.1; done',
    ]);
    await terminal.expect("ready");
    terminal.send("\u0003");
    await terminal.expect("INT");
    await expectEnd(terminal, 9);
  });

  it("are left with the detach keys, attached to, and left again", async () => {
    const first = user.terminal([
      ...run,
      "--name",
      "left",
      image,
      "sh",
      "-c",
      "echo ready; while read -r line; do echo got $line; done",
    ]);
    await first.expect("ready");
    first.send(`one\n`);
    await first.expect("got one");
    first.send(detachKeys);
    await expectEnd(first, 0);
    expect(await user.succeed(["ps", "--filter", "name=left", "--format", "{{.State}}"])).toBe("running");

    const second = user.terminal(["attach", "--detach-keys", "ctrl-x,x", "left"]);
    await second.expect(/\/dev\/pts\/\d+/);
    await expect.poll(() => second.settings(), { timeout: 10_000 }).toMatch(/-icanon/);
    second.send("two\n");
    await second.expect("got two");
    second.send("\u0018x");
    await expectEnd(second, 0);
    await user.succeed(["rm", "-f", "-t", "0", "left"]);
  });

  it("restore the terminal when the program cannot be started", async () => {
    const terminal = user.terminal([...run, "--rm", image, "nosuch"]);
    await terminal.expect("not found");
    await expectEnd(terminal, 127);
  });

  it("restore the terminal when the command is ended by a signal", async () => {
    const terminal = user.terminal([
      ...run,
      "--rm",
      "--sig-proxy=false",
      "--pidfile",
      "it.pid",
      image,
      "sh",
      "-c",
      "echo ready; sleep 1000",
    ]);
    await terminal.expect("ready");
    const cli = user.processes().find(({ command }) => command.includes("main.cjs") && command.includes("it.pid"));
    process.kill(cli?.pid as number, "SIGTERM");
    await expectEnd(terminal, 143);
    await user.program(["sh", "-c", "kill -9 $(cat it.pid)"]);
    await expect.poll(() => user.succeed(["ps", "-aq"]), { timeout: 10_000 }).toBe("");
  });

  it("are entered with exec, sized and left like others", async () => {
    await user.succeed(["run", "-d", "--network", "none", "--name", "host", image, "sleep", "1000"]);
    const terminal = user.terminal(
      ["exec", "-it", "host", "sh", "-c", "read -r line; stty size; echo got $line; exit 4"],
      {
        columns: 91,
        rows: 31,
      },
    );
    // The runtime sets the size beside the start of the process.
    terminal.send("x\n");
    await terminal.expect("31 91");
    await terminal.expect("got x");
    await expectEnd(terminal, 4);
    const other = user.terminal(["exec", "-it", "host", "sh", "-c", "echo ready; sleep 1000"]);
    await other.expect("ready");
    other.send(detachKeys);
    await expectEnd(other, 0);
    await user.succeed(["rm", "-f", "-t", "0", "host"]);
  });

  it("leave nothing behind", () => user.expectNothingLeft());
});
