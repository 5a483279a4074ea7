import { afterEach, describe, expect, it } from "vitest";
import { machineUser } from "./machine.ts";

const image = "localhost/dhow-busybox";
const run = ["run", "--rm", "--network", "none"];
const id = "[0-9a-f]{64}";

describe("limits, by cgroup v2 and the user's systemd", () => {
  const alice = machineUser("alice");
  afterEach(() => alice.succeed("rm", "--force", "--time", "0", "--all"));

  it("of memory, processors and processes are those of the container's cgroup", async () => {
    const limits = [
      "--memory",
      "64m",
      "--memory-swap",
      "64m",
      "--cpus",
      "0.5",
      "--cpu-shares",
      "512",
      "--pids-limit",
      "50",
    ];
    const files = "cd /sys/fs/cgroup && cat memory.max memory.swap.max cpu.max cpu.weight pids.max";
    expect(await alice.succeed(...run, ...limits, image, "sh", "-c", files)).toBe("67108864\n0\n50000 100000\n20\n50");
    expect(await alice.succeed(...run, image, "cat", "/sys/fs/cgroup/pids.max")).toBe("2048");
    expect(await alice.succeed(...run, "--pids-limit", "-1", image, "cat", "/sys/fs/cgroup/pids.max")).toBe("max");
    const { stderr } = await alice.dhow(
      ...run,
      "--pids-limit",
      "3",
      image,
      "sh",
      "-c",
      "sleep 9 & sleep 9 & sleep 9 & wait",
    );
    expect(stderr).toContain("Resource temporarily unavailable");
  });

  it("change while a container runs, and programs that come later keep them", async () => {
    await alice.succeed("run", "-d", "--name", "one", "--network", "none", "--memory", "64m", image, "sleep", "1000");
    await alice.succeed("update", "--memory", "32m", "--cpus", "0.25", "--pids-limit", "20", "one");
    const files = "cat /proc/self/cgroup; cd /sys/fs/cgroup && cat memory.max cpu.max pids.max";
    expect(await alice.succeed("exec", "one", "sh", "-c", files)).toBe("0::/\n33554432\n25000 100000\n20");
    expect(await alice.succeed("inspect", "-f", "{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}", "one")).toBe(
      "33554432 20",
    );
  });

  it("end a container that wants more memory, and inspect says so", async () => {
    const want = ["--name", "greedy", "--network", "none", "--memory", "16m", "--memory-swap", "16m"];
    expect(await alice.dhow("run", ...want, image, "tail", "/dev/zero")).toMatchObject({ exitCode: 137 });
    expect(await alice.succeed("inspect", "-f", "{{.State.OOMKilled}} {{.State.ExitCode}}", "greedy")).toBe("true 137");
    const format = "{{.ContainerExitCode}} {{.OOMKilled}}";
    const events = ["events", "--stream=false", "--filter", "container=greedy", "--filter", "event=died"];
    expect(await alice.succeed(...events, "--format", format)).toBe("137 true");
    await alice.succeed("run", "--name", "modest", "--network", "none", image, "false").catch(() => undefined);
    expect(await alice.succeed("inspect", "-f", "{{.State.OOMKilled}}", "modest")).toBe("false");
  });

  it("are told in one warning where a controller is not delegated, and kept once it is as the warning says", async () => {
    const root = machineUser("root");
    const limits = ["--cpuset-cpus", "0", "--device-read-bps", "/dev/vda:1m"];
    const files = "cd /sys/fs/cgroup && cat cpuset.cpus io.max";
    const before = await alice.dhow(...run, ...limits, image, "true");
    expect(before.exitCode).toBe(0);
    const warning =
      /^WARN: limits by cpuset, io are not kept: these controllers are not delegated to you; as root, write '(\[Service\])' and '(Delegate=[a-z ]+)' to (\S+), and log in anew\n$/;
    const [, section = "", setting = "", file = ""] = warning.exec(before.stderr) ?? [before.stderr];
    expect(before.stderr).toMatch(warning);
    await root.sh(`mkdir -p ${file.replace(/\/[^/]*$/, "")} && printf '%s\\n' '${section}' '${setting}' >${file}`);
    await root.sh("systemctl daemon-reload && systemctl restart user@$(id -u alice).service");
    const after = await alice.dhow(...run, ...limits, image, "sh", "-c", files);
    expect(after).toMatchObject({ exitCode: 0, stderr: "" });
    expect(after.stdout).toMatch(/^0\n\d+:0 rbps=1048576 /);
  });
});

describe("cgroups of containers", () => {
  const alice = machineUser("alice");
  const root = machineUser("root");
  afterEach(() => alice.succeed("rm", "--force", "--time", "0", "--all"));

  it("are scopes of the user's systemd, in the slice that --cgroup-parent names, and go with the container", async () => {
    const flags = ["-d", "--name", "one", "--network", "none", "--cgroup-parent", "work.slice"];
    const [full] = (await alice.succeed("run", ...flags, image, "sleep", "1000")).split("\n");
    const pid = await alice.succeed("inspect", "-f", "{{.State.Pid}}", "one");
    expect(await root.sh(`cat /proc/${pid}/cgroup`)).toMatch(
      new RegExp(`/user@\\d+\\.service/work\\.slice/dhow-${full}\\.scope`),
    );
    expect(await alice.sh("systemctl --user list-units --no-legend --plain 'dhow-*'")).toMatch(
      new RegExp(`^dhow-${id}\\.scope +loaded active running`, "m"),
    );
    const format = "{{.HostConfig.CgroupManager}} {{.HostConfig.CgroupParent}}";
    expect(await alice.succeed("inspect", "-f", format, "one")).toBe("systemd work.slice");
    await alice.succeed("rm", "--force", "--time", "0", "one");
    expect(await alice.sh("systemctl --user list-units --no-legend --plain 'dhow-*'")).not.toContain(full);
    expect(await alice.dhow(...run, "--cgroup-parent", "work", image, "true")).toMatchObject({
      exitCode: 125,
      stderr: expect.stringContaining("did not receive systemd slice as cgroup parent"),
    });
  });

  it("are not made with --cgroups=disabled, and limits are refused then", async () => {
    await alice.succeed(
      "run",
      "-d",
      "--name",
      "none",
      "--network",
      "none",
      "--cgroups=disabled",
      image,
      "sleep",
      "1000",
    );
    const pid = await alice.succeed("inspect", "-f", "{{.State.Pid}}", "none");
    expect(await root.sh(`cat /proc/${pid}/cgroup`)).not.toMatch(new RegExp(id));
    expect(await alice.dhow(...run, "--cgroups=disabled", "--memory", "64m", image, "true")).toMatchObject({
      exitCode: 125,
      stderr: expect.stringContaining("cannot specify resource limits when cgroups are disabled"),
    });
    expect((await alice.dhow("pause", "none")).stderr).toContain("not running with a cgroup of its own");
  });

  it("are made in a delegated part of the hierarchy where systemd is not to be asked", async () => {
    const scope = "systemd-run --user --scope --quiet --collect -p Delegate=yes --";
    const inside = `sh -c 'mkdir /sys/fs/cgroup$(sed s/0::// /proc/self/cgroup)/own && echo $$ >/sys/fs/cgroup$(sed s/0::// /proc/self/cgroup)/own/cgroup.procs && exec dhow --cgroup-manager cgroupfs ${run.join(" ")} --pids-limit 33 ${image} cat /sys/fs/cgroup/pids.max'`;
    expect(await alice.sh(`${scope} ${inside}`)).toBe("33");
  });

  it("freeze and go on", async () => {
    const count = "n=0; while :; do n=$((n+1)); echo $n >/tmp/count; done";
    await alice.succeed("run", "-d", "--name", "one", "--network", "none", image, "sh", "-c", count);
    await alice.succeed("pause", "one");
    expect(await alice.succeed("ps", "--format", "{{.Names}} {{.Status}}")).toMatch(/^one .*Paused/);
    expect(await alice.dhow("exec", "one", "true")).toMatchObject({ exitCode: 125 });
    await alice.succeed("unpause", "one");
    const read = () => alice.succeed("exec", "one", "cat", "/tmp/count");
    const first = await read();
    for (const deadline = Date.now() + 60_000; (await read()) === first; ) expect(Date.now()).toBeLessThan(deadline);
  });

  it("are what stats counts", async () => {
    const work = "while :; do :; done";
    const flags = ["-d", "--name", "one", "--network", "none", "--memory", "64m"];
    await alice.succeed("run", ...flags, image, "sh", "-c", work);
    const format = "{{.Name}} {{.CPUPerc}} {{.MemUsage}} {{.PIDS}}";
    expect(await alice.succeed("stats", "--no-stream", "--format", format, "one")).toMatch(
      /^one [1-9]\d*\.\d+% [\d.]+[kM]B \/ 67\.1MB 1$/,
    );
  });
});
