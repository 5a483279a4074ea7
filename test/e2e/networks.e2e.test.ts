import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";

const image = "localhost/dhow-busybox";
const web = "mkdir -p /w && echo served >/w/index.html && exec httpd -f -v -p 80 -h /w";

/** A port of the host on which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

const hostAddress = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.family === "IPv4" && !address.internal)?.address;

describe.skipIf(!canBe("range"))("dhow network", () => {
  let user: TestUser;
  beforeAll(() => {
    user = testUser("range");
  });
  afterAll(() => user.dispose());
  const fail = async (args: readonly string[]) => {
    const { exitCode, stderr } = await user.dhow(args);
    return { exitCode, stderr: stderr.trimEnd() };
  };
  /** Waits until a container's server answers. */
  const ask = (from: string, name: string) =>
    user.succeed([
      "exec",
      from,
      "sh",
      "-c",
      `for n in 1 2 3 4 5 6 7 8 9; do wget -qO- http://${name}/ && exit; sleep 0.3; done`,
    ]);

  it("create, ls, inspect, exists, prune and rm keep the records", async () => {
    const flags = [
      "--subnet",
      "10.77.0.0/24",
      "--gateway",
      "10.77.0.3",
      "--ip-range",
      "10.77.0.16/28",
      "--dns",
      "192.0.2.53",
    ];
    const more = ["--label", "stage=test", "--opt", "mtu=1400", "--internal", "--route", "10.9.0.0/24,10.77.0.9,7"];
    expect(await user.succeed(["network", "create", ...flags, ...more, "full"])).toBe("full");
    expect(await user.succeed(["network", "create", "--ipv6", "--interface-name", "br7"])).toBe("podman2");
    expect(await user.succeed(["network", "ls", "-q"])).toBe("full\npodman\npodman2");
    expect(
      await user.succeed(["network", "ls", "--format", "{{.Name}} {{.Driver}} {{.Labels}}", "-f", "label=stage"]),
    ).toBe("full bridge stage=test");
    const [full] = JSON.parse(await user.succeed(["network", "inspect", "full"]));
    expect(full).toMatchObject({
      ...{ name: "full", driver: "bridge", internal: true, dns_enabled: true, ipv6_enabled: false, containers: {} },
      subnets: [
        { subnet: "10.77.0.0/24", gateway: "10.77.0.3", lease_range: { start_ip: "10.77.0.17", end_ip: "10.77.0.30" } },
      ],
      routes: [{ destination: "10.9.0.0/24", gateway: "10.77.0.9", metric: 7 }],
      ...{ network_dns_servers: ["192.0.2.53"], labels: { stage: "test" }, options: { mtu: "1400" } },
    });
    expect(await user.succeed(["network", "inspect", "-f", "{{len .Subnets}} {{.NetworkInterface}}", "podman2"])).toBe(
      "2 br7",
    );
    expect((await user.dhow(["network", "exists", "full"])).exitCode).toBe(0);
    expect((await user.dhow(["network", "exists", "nosuch"])).exitCode).toBe(1);
    expect(await fail(["network", "create", "full"])).toEqual({
      exitCode: 125,
      stderr: "Error: network name full already used: network already exists",
    });
    expect(await user.succeed(["network", "create", "--ignore", "full"])).toBe("full");
    expect((await fail(["network", "create", "--subnet", "10.77.0.128/25", "half"])).stderr).toContain("already used");
    expect((await fail(["network", "create", "-d", "macvlan", "lan"])).stderr).toContain("without root");
    expect(
      await user.succeed(["network", "update", "full", "--dns-add", "192.0.2.54", "--dns-drop", "192.0.2.53"]),
    ).toBe("full");
    expect(await user.succeed(["network", "inspect", "-f", "{{.NetworkDNSServers}}", "full"])).toBe("[192.0.2.54]");
    expect(await fail(["network", "rm", "nosuch"])).toMatchObject({ exitCode: 1 });
    expect(await fail(["network", "rm", "podman"])).toMatchObject({ exitCode: 125 });
    expect(await user.succeed(["network", "prune", "-f", "--filter", "label!=stage"])).toBe("podman2");
    expect(await user.succeed(["network", "rm", "full"])).toBe("full");
  });

  it("containers find one another by name, alias and id, and keep what they asked for", async () => {
    await user.succeed(["network", "create", "--subnet", "10.78.0.0/24", "one"]);
    await user.succeed(["network", "create", "two"]);
    const wishes = "one:ip=10.78.0.77,mac=02:00:00:00:00:07,alias=shop,interface_name=lan0";
    const id = await user.succeed([
      "run",
      "-d",
      "--name",
      "web",
      "--network",
      wishes,
      "--network",
      "two",
      image,
      "sh",
      "-c",
      web,
    ]);
    await user.succeed(["run", "-d", "--name", "peer", "--network", "one", image, "sleep", "1000"]);
    for (const name of ["web", "shop", id.slice(0, 12), "web.dns.podman"])
      expect(await ask("peer", name)).toBe("served");
    expect(await user.succeed(["exec", "web", "ip", "address", "show", "lan0"])).toMatch(
      /02:00:00:00:00:07[\s\S]*10\.78\.0\.77\/24/,
    );
    expect(await user.succeed(["exec", "web", "cat", "/etc/hosts"])).toMatch(/10\.78\.0\.77\t.* web\n/);
    const networks = JSON.parse(await user.succeed(["inspect", "-f", "{{json .NetworkSettings.Networks}}", "web"]));
    expect(networks.one).toMatchObject({
      IPAddress: "10.78.0.77",
      IPPrefixLen: 24,
      Gateway: "10.78.0.1",
      MacAddress: "02:00:00:00:00:07",
    });
    expect(networks.one.Aliases).toEqual(["shop", id.slice(0, 12)]);
    expect(Object.keys(networks)).toEqual(["one", "two"]);
    expect(await user.succeed(["ps", "--filter", "network=two", "--format", "{{.Names}} {{.Networks}}"])).toBe(
      "web one,two",
    );
    const taken = await fail(["run", "--rm", "--network", "one", "--ip", "10.78.0.77", image, "true"]);
    expect(taken.stderr).toBe(
      `Error: IPAM error: requested ip address 10.78.0.77 is already allocated to container ID ${id}`,
    );
    expect(await fail(["network", "rm", "two"])).toMatchObject({ exitCode: 2 });
    // What shares its network is found by its name, too.
    expect(
      await user.succeed(["run", "--rm", "--network", "container:peer", image, "wget", "-qO-", "http://web/"]),
    ).toBe("served");
    await user.succeed(["rm", "-ft0", "peer"]);
    await user.succeed(["network", "rm", "-ft0", "one", "two"]);
    expect(await user.succeed(["ps", "-aq"])).toBe("");
    await user.expectNothingLeft();
  });

  it("connect and disconnect change a running container", async () => {
    for (const name of ["first", "second"]) await user.succeed(["network", "create", name]);
    await user.succeed(["run", "-d", "--name", "web", "--network", "first", image, "sh", "-c", web]);
    await user.succeed(["run", "-d", "--name", "peer", "--network", "second", image, "sleep", "1000"]);
    expect((await user.dhow(["exec", "peer", "nslookup", "web.dns.podman"])).exitCode).not.toBe(0);
    await user.succeed(["network", "connect", "--alias", "late", "second", "web"]);
    expect(await ask("peer", "late")).toBe("served");
    expect((await fail(["network", "connect", "second", "web"])).stderr).toContain("network is already connected");
    const [inspected] = JSON.parse(await user.succeed(["network", "inspect", "second"]));
    expect(Object.values(inspected.containers).map((each) => (each as { name: string }).name)).toEqual(["web", "peer"]);
    await user.succeed(["network", "reload", "web"]);
    expect(await ask("peer", "web")).toBe("served");
    await user.succeed(["network", "disconnect", "second", "web"]);
    expect(await user.succeed(["exec", "web", "ip", "-o", "link"])).not.toContain("eth1");
    expect((await fail(["network", "disconnect", "second", "web"])).stderr).toContain(
      "is not connected to network second",
    );
    await user.succeed(["run", "-d", "--name", "plain", image, "sleep", "1000"]);
    expect((await fail(["network", "connect", "second", "plain"])).stderr).toContain(
      '"pasta" is not supported: invalid network mode',
    );
    await user.succeed(["rm", "-ft0", "--all"]);
    await user.succeed(["network", "prune", "-f"]);
    await user.expectNothingLeft();
  });

  it.skipIf(hostAddress === undefined)(
    "published ports keep their clients' addresses, and say who has them",
    async () => {
      const port = await freePort();
      await user.succeed(["network", "create", "front"]);
      await user.succeed([
        "run",
        "-d",
        "--name",
        "web",
        "--network",
        "front",
        "-p",
        `${port}:80`,
        image,
        "sh",
        "-c",
        web,
      ]);
      await ask("web", "127.0.0.1");
      const get = async (host: string) => (await fetch(`http://${host}:${port}/`)).text();
      expect(await get("127.0.0.1")).toBe("served\n");
      expect(await get(`${hostAddress}`)).toBe("served\n");
      expect((await user.dhow(["logs", "web"])).stderr).toContain(`${hostAddress}`);
      expect(await user.succeed(["port", "web"])).toBe(`80/tcp -> 0.0.0.0:${port}`);
      const refused = await fail(["run", "-d", "--network", "front", "-p", `${port}:80`, image, "true"]);
      expect(refused.exitCode).toBe(126);
      expect(refused.stderr).toMatch(/address already in use\n.*container web .* publishes it/);
      // They follow the container to another network.
      await user.succeed(["network", "create", "back"]);
      await user.succeed(["network", "connect", "back", "web"]);
      await user.succeed(["network", "disconnect", "front", "web"]);
      expect(await get("127.0.0.1")).toBe("served\n");
      await user.succeed(["network", "create", "--internal", "inner"]);
      const inner = await fail(["run", "--rm", "--network", "inner", "-p", "80", image, "true"]);
      expect(inner.stderr).toContain("none of the container's networks leads out");
      await user.succeed(["rm", "-ft0", "--all"]);
      await user.succeed(["network", "prune", "-f"]);
      await user.expectNothingLeft();
    },
  );

  it("starts in parallel never collide, and those who ask for a name meanwhile see no gap", async () => {
    await user.succeed(["network", "create", "--subnet", "10.79.0.0/29", "busy"]);
    await user.succeed(["run", "-d", "--name", "server", "--network", "busy", image, "sleep", "1000"]);
    const loop =
      "n=0; f=0; while [ ! -e /stop ]; do n=$((n+1)); nslookup server.dns.podman >/dev/null || f=$((f+1)); sleep 0.01; done; echo $n asked, $f failed";
    await user.succeed(["run", "-d", "--name", "client", "--network", "busy", image, "sh", "-c", loop]);
    const names = Array.from({ length: 3 }, (_, index) => `c${index}`);
    await Promise.all(
      names.map((name) => user.succeed(["run", "-d", "--name", name, "--network", "busy", image, "sleep", "1000"])),
    );
    const all = JSON.parse(await user.succeed(["inspect", ...names]));
    const addresses = all.map(
      (each: { NetworkSettings: { Networks: { busy: { IPAddress: string } } } }) =>
        each.NetworkSettings.Networks.busy.IPAddress,
    );
    expect(new Set(addresses).size).toBe(names.length);
    await Promise.all(names.map((name) => user.succeed(["rm", "-ft0", name])));
    await user.succeed(["exec", "client", "touch", "/stop"]);
    await user.succeed(["wait", "client"]);
    expect(await user.succeed(["logs", "client"])).toMatch(/^\d{2,} asked, 0 failed$/);
    // With these there were more starts than there are addresses: they come back.
    for (const name of names) await user.succeed(["run", "--rm", "--name", name, "--network", "busy", image, "true"]);
    await user.succeed(["rm", "-ft0", "--all"]);
    await user.succeed(["network", "rm", "busy"]);
    await user.expectNothingLeft();
  }, 300_000);

  it("what was killed with everything gives its addresses back", async () => {
    await user.succeed(["network", "create", "--subnet", "10.80.0.0/24", "frail"]);
    const run = ["run", "-d", "--network", "frail", "--ip", "10.80.0.9"];
    await user.succeed([...run, "--name", "first", image, "sleep", "1000"]);
    for (const { pid } of user.processes()) process.kill(pid, "SIGKILL");
    await user.succeed([...run, "--name", "second", image, "sleep", "1000"]);
    expect(await user.succeed(["ps", "-a", "--format", "{{.Names}} {{.State}}"])).toBe("first exited\nsecond running");
    await user.succeed(["run", "--rm", "--network", "frail", image, "nslookup", "second.dns.podman"]);
    await user.succeed(["rm", "-ft0", "--all"]);
    await user.succeed(["network", "rm", "frail"]);
    await user.expectNothingLeft();
  });
});
