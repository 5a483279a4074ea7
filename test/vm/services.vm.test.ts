import { afterEach, describe, expect, it } from "vitest";
import { machineUser, reboot } from "./machine.ts";

const image = "localhost/dhow-busybox";

describe("systemd's journal", () => {
  const alice = machineUser("alice");
  afterEach(() => alice.succeed("rm", "--force", "--time", "0", "--all"));

  it("keeps the output of containers, and gives it back line by line", async () => {
    const flags = ["--name", "log", "--network", "none", "--log-driver", "journald", "--log-opt", "tag=mytag"];
    const script = "echo to the journal; echo oops >&2";
    await alice.succeed("run", "-d", ...flags, image, "sh", "-c", script);
    await alice.succeed("wait", "log");
    // The monitor's messages take their time.
    const logs = () => alice.dhow("logs", "log");
    for (const deadline = Date.now() + 60_000; (await logs()).stderr === "" && Date.now() < deadline; );
    expect(await logs()).toMatchObject({ stdout: "to the journal\n", stderr: "oops\n" });
    expect(await alice.sh("journalctl --user --no-pager -q -o cat CONTAINER_NAME=log CONTAINER_TAG=mytag")).toContain(
      "to the journal",
    );
  });
});

describe("a reboot", () => {
  const alice = machineUser("alice");

  it("starts containers again that are to come back, before anybody logs in, and leaves the others", async () => {
    await alice.succeed(
      "run",
      "-d",
      "--name",
      "always",
      "--network",
      "none",
      "--restart=always",
      image,
      "sleep",
      "9999",
    );
    await alice.succeed("run", "-d", "--name", "never", "--network", "none", image, "sleep", "9999");
    const { stderr } = await alice.dhow("system", "start-on-boot");
    expect(stderr).toBe("");
    await reboot();
    const root = machineUser("root");
    const running = "pgrep --uid alice --full 'sleep 9999' | wc -l";
    for (const deadline = Date.now() + 300_000; (await root.sh(running)) === "0" && Date.now() < deadline; );
    expect(await root.sh(running)).toBe("1");
    expect(await alice.succeed("ps", "--all", "--format", "{{.Names}} {{.State}}", "--sort", "names")).toBe(
      "always running\nnever exited",
    );
    await alice.succeed("rm", "--force", "--time", "0", "--all");
    await alice.succeed("system", "start-on-boot", "--off");
  });
});
