import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";

const image = "localhost/dhow-busybox";

describe.skipIf(!canBe("range"))("dhow pod", () => {
  let user: TestUser;
  beforeAll(() => {
    user = testUser("range");
  });
  afterAll(() => user.dispose());

  const lines = async (...args: string[]) => (await user.succeed(args)).split("\n").filter(Boolean);
  const namespaces = async (container: string) => {
    const kinds = ["net", "ipc", "uts", "pid"].map((kind) => `/proc/self/ns/${kind}`);
    return lines("exec", container, "sh", "-c", `for path in ${kinds.join(" ")}; do readlink $path; done`);
  };
  const sleeper = (name: string, ...flags: string[]) =>
    user.succeed(["run", "-d", "--name", name, "--stop-signal", "KILL", ...flags, image, "sleep", "1000"]);

  it("runs containers that share namespaces, from create to rm", async () => {
    const file = `${user.home}/pod.id`;
    const flags = ["--network", "none", "--hostname", "harbour", "--label", "app=web", "--exit-policy", "continue"];
    const id = await user.succeed(["pod", "create", ...flags, "--infra-name", "keel", "--pod-id-file", file, "fleet"]);
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    await sleeper("one", "--pod", "fleet");
    await sleeper("two", "--pod-id-file", file);
    const [first, second] = [await namespaces("one"), await namespaces("two")];
    expect(second.slice(0, 3)).toEqual(first.slice(0, 3));
    expect(second[3]).not.toBe(first[3]);
    expect(await user.succeed(["exec", "two", "hostname"])).toBe("harbour");
    await user.succeed(["exec", "one", "touch", "/dev/shm/shared"]);
    expect(await user.succeed(["exec", "two", "ls", "/dev/shm"])).toBe("shared");

    expect(
      await lines("ps", "--pod", "--sort", "names", "--format", "{{.Names}} {{.PodName}} {{.Pod}} {{.IsInfra}}"),
    ).toEqual([
      `keel fleet ${id.slice(0, 12)} true`,
      `one fleet ${id.slice(0, 12)} false`,
      `two fleet ${id.slice(0, 12)} false`,
    ]);
    expect(await lines("ps", "-q", "--no-trunc", "--filter", "pod=fleet")).toHaveLength(3);
    const format = "{{.Name}} {{.Status}} {{.NumberOfContainers}} {{.ContainerNames}} {{.Labels}} {{.Restarts}}";
    expect(await lines("pod", "ps", "--format", format)).toEqual(["fleet Running 3 keel,one,two map[app:web] 0"]);
    expect(await lines("pod", "ls", "-q", "--filter", "label=app=web")).toEqual([id]);
    expect((await lines("pod", "ps", "--ctr-names", "--ctr-status"))[0]).toMatch(
      /^POD ID +NAME +STATUS +CREATED +INFRA ID +NAMES +STATUS$/,
    );
    const [inspected] = JSON.parse(await user.succeed(["pod", "inspect", "fleet"]));
    expect(inspected).toMatchObject({
      Id: id,
      State: "Running",
      Hostname: "harbour",
      NumContainers: 3,
      CreateInfra: true,
    });
    expect(inspected.SharedNamespaces).toEqual(["ipc", "net", "uts"]);
    expect(await user.succeed(["inspect", "--type", "pod", "--format", "{{.Name}} {{len .Containers}}", id])).toBe(
      "fleet 3",
    );
    expect((await lines("pod", "top", "fleet", "args")).sort()).toEqual([
      "/catatonit -P",
      "COMMAND",
      "sleep 1000",
      "sleep 1000",
    ]);
    expect((await lines("pod", "stats", "--no-stream", "--format", "{{.Name}}", "fleet")).sort()).toEqual([
      "keel",
      "one",
      "two",
    ]);
    expect((await user.dhow(["rm", "-f", "keel"])).stderr).toContain("is the infra container of pod");
    expect((await user.dhow(["pod", "rm", "fleet"])).stderr).toContain(
      "running or paused containers cannot be removed without force",
    );

    expect(await user.succeed(["pod", "stop", "-t", "3", "fleet"])).toBe("fleet");
    expect(await lines("pod", "ps", "--format", "{{.Status}}")).toEqual(["Exited"]);
    expect(await user.succeed(["pod", "start", "fleet"])).toBe("fleet");
    await user.succeed(["rm", "-f", "two"]);
    expect(await user.succeed(["pod", "restart", "fleet"])).toBe(id);
    expect(await user.succeed(["pod", "kill", "fleet"])).toBe(id);
    expect(await user.succeed(["pod", "rm", "-f", "--pod-id-file", file])).toBe(id);
    expect((await user.dhow(["pod", "exists", "fleet"])).exitCode).toBe(1);
    expect((await user.dhow(["pod", "rm", "fleet"])).exitCode).toBe(1);
    const events = await lines("events", "--stream=false", "--filter", "type=pod", "--format", "{{.Status}}");
    expect(events).toEqual(["create", "stop", "start", "stop", "start", "kill", "remove"]);
    await user.expectNothingLeft();
  });

  it("makes pods on the fly, runs init containers first, and ends with its last container", async () => {
    await user.succeed(["run", "-d", "--pod", "new:quick", "--network", "none", "--name", "q", image, "sleep", "1000"]);
    expect((await user.dhow(["run", "--pod", "new:quick", image, "true"])).stderr).toContain("pod already exists");
    expect((await user.dhow(["run", "--pod", "new:other", image, "/no/such"])).exitCode).toBe(127);
    expect(await lines("pod", "ps", "--format", "{{.Name}}")).toEqual(["quick"]);
    await user.succeed(["pod", "rm", "-f", "-t", "0", "quick"]);

    await user.succeed([
      "pod",
      "create",
      "--network",
      "none",
      "--share",
      "+pid",
      "--exit-policy",
      "stop",
      "-v",
      "/data",
      "ordered",
    ]);
    const member = ["--pod", "ordered"];
    await user.succeed([
      "create",
      ...member,
      "--init-ctr",
      "once",
      "--name",
      "once",
      image,
      "sh",
      "-c",
      "echo once >>/data/log",
    ]);
    await user.succeed([
      "create",
      ...member,
      "--init-ctr",
      "always",
      "--name",
      "each",
      image,
      "sh",
      "-c",
      "echo each >>/data/log",
    ]);
    await user.succeed([
      "create",
      ...member,
      "--name",
      "main",
      image,
      "sh",
      "-c",
      "cat /data/log; ps | grep -c [/]catatonit",
    ]);
    await user.succeed(["pod", "start", "ordered"]);
    await user.succeed(["wait", "main"]);
    expect(await lines("logs", "main")).toEqual(["once", "each", "1"]);
    expect((await user.dhow(["container", "exists", "once"])).exitCode).toBe(1);
    await expect.poll(() => lines("pod", "ps", "--format", "{{.Status}}"), { timeout: 20_000 }).toEqual(["Exited"]);
    await user.succeed(["pod", "start", "ordered"]);
    await expect
      .poll(() => lines("logs", "main"), { timeout: 20_000 })
      .toEqual(["once", "each", "1", "once", "each", "each", "1"]);
    expect(await lines("pod", "logs", "-c", "main", "--tail", "1", "ordered")).toEqual(["1"]);
    await expect.poll(() => lines("pod", "prune", "-f"), { timeout: 20_000 }).toHaveLength(1);
    await user.expectNothingLeft();
  });

  it("clones pods, does without an infra container, and says what does not fit", async () => {
    await user.succeed(["pod", "create", "--network", "none", "--name", "model", "--restart", "on-failure"]);
    await user.succeed(["create", "--pod", "model", "--name", "m", image, "sleep", "1000"]);
    await user.succeed(["pod", "clone", "--start", "--label", "copy=1", "model", "copy"]);
    const shown = "{{.Name}} {{.Status}} {{.ContainerNames}} {{.Labels}}";
    expect((await lines("pod", "ps", "--sort", "name", "--format", shown))[0]).toMatch(
      /^copy Running \S+-infra-clone,m-clone map\[copy:1\]$/,
    );
    expect((await namespaces("m-clone"))[0]).toMatch(/^net:/);
    expect(await user.succeed(["inspect", "--format", "{{.HostConfig.RestartPolicy.Name}}", "m-clone"])).toBe(
      "on-failure",
    );

    await user.succeed(["pod", "create", "--infra=false", "loose"]);
    await sleeper("l", "--pod", "loose", "--network", "none");
    expect(
      await lines(
        "pod",
        "ps",
        "--filter",
        "name=loose",
        "--format",
        "{{.Status}} {{.InfraId}} {{.NumberOfContainers}}",
      ),
    ).toEqual(["Running  1"]);
    const failing: [string[], string][] = [
      [
        ["pod", "create", "--infra=false", "-p", "80:80"],
        "you must have an infra container to publish port bindings to the host",
      ],
      [
        ["pod", "create", "--infra=false", "--share", "net"],
        "cannot set share(net) namespaces without an infra container",
      ],
      [["pod", "create", "--share", "cgroup"], "cannot define the pod as the cgroup parent at the same time"],
      [["pod", "create", "--network", "host", "-p", "80:80"], "PortMappings can only be used with"],
      [["pod", "create", "--exit-policy", "odd"], "invalid pod exit policy"],
      [["pod", "create", "--replace"], "cannot replace pod without --name being set"],
      [["pod", "create", "copy"], 'name "copy" is in use: pod already exists'],
      [["pod", "start", "nobody"], "no pod with name or ID nobody found: no such pod"],
      [["run", "--pod", "nobody", image, "true"], "no such pod"],
      [["pod", "start"], "you must provide at least one name or id"],
      [["pod", "start", "-a", "copy"], "no arguments are needed with --all"],
    ];
    for (const [args, message] of failing) expect((await user.dhow(args)).stderr).toContain(message);
    await user.succeed(["pod", "create", "--replace", "--network", "none", "copy"]);
    expect(await lines("pod", "ps", "--filter", "name=copy", "--format", "{{.NumberOfContainers}}")).toEqual(["1"]);
    await user.succeed(["rm", "-f", "-t", "0", "-a"]);
    await user.succeed(["pod", "rm", "-a", "-f"]);
    await user.expectNothingLeft();
  });

  it("is one host in a network, known by the pod's name", async () => {
    await user.succeed(["network", "create", "quay"]);
    await user.succeed(["pod", "create", "--network", "quay", "harbour"]);
    await sleeper("crane", "--pod", "harbour");
    const address = await user.succeed(["exec", "crane", "hostname", "-i"]);
    expect(await user.succeed(["run", "--rm", "--network", "quay", image, "nslookup", "harbour"])).toContain(address);
    expect(await lines("pod", "ps", "--filter", "network=quay", "--format", "{{.Name}} {{.Networks}}")).toEqual([
      "harbour quay",
    ]);
    expect(await user.succeed(["pod", "inspect", "--format", "{{.InfraConfig.Networks}}", "harbour"])).toBe("[quay]");
    expect((await user.dhow(["run", "--pod", "harbour", "--ip", "10.0.0.9", image, "true"])).stderr).toContain(
      "network cannot be configured when it is shared with a pod",
    );
    await user.succeed(["pod", "rm", "-f", "harbour"]);
    await user.succeed(["network", "rm", "quay"]);
    await user.expectNothingLeft();
  });

  it("says that a dead infra container leaves the others behind, and restarts them together", async () => {
    await user.succeed(["pod", "create", "--network", "none", "--infra-name", "keel", "torn"]);
    await sleeper("t", "--pod", "torn");
    const network = async (name: string) => {
      const pid = await user.succeed(["inspect", "--format", "{{.State.Pid}}", name]);
      return user.succeed(["unshare", "readlink", `/proc/${pid}/ns/net`]);
    };
    await user.succeed(["kill", "keel"]);
    await expect
      .poll(() => lines("pod", "ps", "--filter", "name=torn", "--format", "{{.Status}}"), { timeout: 20_000 })
      .toEqual(["Degraded"]);
    expect((await user.dhow(["pod", "start", "torn"])).stderr).toContain("t still run in its old namespaces");
    expect(await user.succeed(["inspect", "--format", "{{.State.Status}}", "keel"])).toBe("running");
    expect(await network("t")).not.toBe(await network("keel"));
    await user.succeed(["pod", "restart", "torn"]);
    expect(await network("t")).toBe(await network("keel"));
    await user.succeed(["pod", "rm", "-f", "torn"]);
    await user.expectNothingLeft();
  });
});
