import { describe, expect, it } from "vitest";
import { configOf, fakeCaller } from "./command-line.ts";

const tcp = { hostIp: "", protocol: "tcp" };

describe("-p", () => {
  it.each([
    { text: "80", ports: [{ ...tcp, hostPort: 40_000, containerPort: 80 }] },
    { text: ":80", ports: [{ ...tcp, hostPort: 40_000, containerPort: 80 }] },
    { text: "8080:80", ports: [{ ...tcp, hostPort: 8080, containerPort: 80 }] },
    { text: "8080:80/udp", ports: [{ hostIp: "", hostPort: 8080, containerPort: 80, protocol: "udp" }] },
    { text: "127.0.0.1:8080:80/TCP", ports: [{ ...tcp, hostIp: "127.0.0.1", hostPort: 8080, containerPort: 80 }] },
    { text: "127.0.0.1::80", ports: [{ ...tcp, hostIp: "127.0.0.1", hostPort: 40_000, containerPort: 80 }] },
    { text: "[::1]:8080:80", ports: [{ ...tcp, hostIp: "::1", hostPort: 8080, containerPort: 80 }] },
    {
      text: "8080-8081:80-81",
      ports: [
        { ...tcp, hostPort: 8080, containerPort: 80 },
        { ...tcp, hostPort: 8081, containerPort: 81 },
      ],
    },
  ])("$text", ({ text, ports }) => {
    expect(configOf(["-p", text, "image"]).network.ports).toEqual(ports);
  });

  it.each([
    { text: "80/tcp/udp", message: "invalid port format - protocol can only be specified once" },
    { text: "80/", message: "must provide a non-empty protocol to publish" },
    { text: "80/xyz", message: 'unrecognized protocol "xyz" in port mapping' },
    { text: "80/sctp", message: "can't forward protocol: sctp" },
    { text: "a:b:c:d", message: "invalid port format - format is [[hostIP:]hostPort:]containerPort" },
    { text: "300.1.1.1:80:80", message: 'cannot parse "300.1.1.1" as an IP address' },
    { text: "::1:80:80", message: "invalid port format" },
    { text: "[::1]80:80", message: "invalid port format - IPv6 address must be followed by a colon" },
    { text: "8080-8082:80-81", message: "host and container port ranges have different lengths: 3 vs 2" },
    { text: "81-80:81-80", message: "the end port of a range must be higher than the start port" },
    { text: "0:80", message: "port numbers must be between 1 and 65535 (inclusive), got 0" },
    { text: "70000:80", message: "port numbers must be between 1 and 65535 (inclusive), got 70000" },
    { text: "x:80", message: 'parsing host port: invalid port number: "x"' },
  ])("refuses $text", ({ text, message }) => {
    expect(() => configOf(["-p", text, "image"])).toThrow(message);
  });

  it("splits lists at commas and refuses one host port for two", () => {
    expect(configOf(["-p", "1000:1,1001:2", "image"]).network.ports).toHaveLength(2);
    expect(() => configOf(["-p", "1000:1", "-p", "1000:2", "image"])).toThrow(
      "conflicting port mappings for host port 1000 (protocol tcp)",
    );
    expect(configOf(["-p", "1000:1", "-p", "1000:1", "image"]).network.ports).toHaveLength(1);
  });

  it("does not pick a host port that was asked for", () => {
    const { ports } = configOf(["-p", "80", "-p", "40000:81", "image"]).network;
    expect(ports.map(({ hostPort }) => hostPort).sort()).toEqual([40_000, 40_001]);
  });
});

describe("-P and --expose", () => {
  const image = { Cmd: ["x"], ExposedPorts: { "80/tcp": {}, "53/udp": {} } };
  it("publishes what image and user expose, unless -p did", () => {
    const { network, exposedPorts } = configOf(["-P", "-p", "8080:80", "--expose", "90-91", "image"], { image });
    expect(exposedPorts).toEqual(["80/tcp", "53/udp", "90/tcp", "91/tcp"]);
    expect(network.ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`).sort()).toEqual([
      "53/udp",
      "80/tcp",
      "90/tcp",
      "91/tcp",
    ]);
  });
  it("publishes nothing without -P", () => {
    expect(configOf(["--expose", "90", "image"], { image }).network.ports).toEqual([]);
  });
  it("refuses ranges that are none", () => {
    expect(() => configOf(["--expose", "a-b", "image"])).toThrow("invalid range format for --expose: a-b");
  });
});

describe("--network", () => {
  it.each([
    { text: "none", expected: { mode: "none", options: [] } },
    { text: "private", expected: { mode: "pasta", options: [] } },
    { text: "pasta:-T,80", expected: { mode: "pasta", options: ["-T", "80"] } },
    { text: "slirp4netns:mtu=1500", expected: { mode: "slirp4netns", options: ["mtu=1500"] } },
    { text: "container:web", expected: { mode: "container", containerId: "id-of-web" } },
  ])("$text", ({ text, expected }) => {
    expect(configOf(["--network", text, "image"]).network).toMatchObject(expected);
    expect(configOf(["--net", text, "image"]).network).toMatchObject(expected);
  });
  it("refuses networks that cannot be", () => {
    const refuse = (...args: string[]) => expect(() => configOf([...args, "image"]));
    refuse("--network", "container:").toThrow("requires a value");
    refuse("--network", "ns:").toThrow("must provide a path to a namespace");
    refuse("--network", "a", "--network", "pasta").toThrow(
      "cannot set multiple networks without bridge network mode, selected mode pasta",
    );
    refuse("--network", "a", "--network", "a").toThrow("network a is given more than once");
    refuse("--network", "a:ip=nowhere").toThrow('invalid ip address "nowhere"');
    refuse("--network", "a:mac=1").toThrow("invalid MAC address");
    refuse("--network", "a:alias=b c").toThrow('invalid network alias "b c"');
    refuse("--network", "a:interface_name=a/b").toThrow('invalid interface name "a/b"');
    refuse("--network", "a:what=ever").toThrow("unknown bridge network option: what");
    refuse("--network", "a", "--network", "b", "--ip", "10.0.0.2").toThrow("can only be set for a single network");
    refuse("--ip", "10.0.0.2").toThrow("static ip/mac address can only be used with Bridge mode networking");
    refuse("--network", "host", "--network-alias", "x").toThrow(
      "--network-alias can only be set when the network mode is bridge",
    );
  });
  it("connects to networks, in the order of the flags", () => {
    const { mode, networks } = configOf([
      ...["--network", "a:ip=10.89.0.7,ip6=fd00::7,mac=02-00-00-00-00-0A,alias=x,alias=y,interface_name=lan0"],
      ...["--network", "b", "--network-alias", "both", "image"],
    ]).network;
    expect(mode).toBe("bridge");
    expect(networks).toEqual([
      {
        ...{ name: "a", ip4: "10.89.0.7", ip6: "fd00::7", mac: "02:00:00:00:00:0a" },
        ...{ interfaceName: "lan0", aliases: ["x", "y", "both"] },
      },
      { name: "b", aliases: ["both"] },
    ]);
  });
  it("takes addresses for the only network, and a list of networks", () => {
    const { networks } = configOf([
      "--network",
      "bridge",
      "--ip",
      "10.88.0.9",
      "--mac-address",
      "02:00:00:00:00:01",
      "i",
    ]).network;
    expect(networks).toEqual([{ name: "podman", aliases: [], ip4: "10.88.0.9", mac: "02:00:00:00:00:01" }]);
    expect(configOf(["--network", "a,b", "image"]).network.networks?.map(({ name }) => name)).toEqual(["a", "b"]);
  });
  it("takes the driver and options of pasta that containers.conf says", () => {
    const caller = fakeCaller({ configured: { rootlessNetwork: "slirp4netns", pastaOptions: ["-I", "lan"] } });
    expect(configOf(["image"], { caller }).network).toMatchObject({ mode: "slirp4netns", options: [] });
    expect(configOf(["--network", "pasta:-T,80", "image"], { caller }).network.options).toEqual([
      "-I",
      "lan",
      "-T",
      "80",
    ]);
    const wrong = fakeCaller({ configured: { rootlessNetwork: "magic" } });
    expect(() => configOf(["image"], { caller: wrong })).toThrow('invalid default_rootless_network_cmd option "magic"');
  });
  it("ns: a namespace by its file", () => {
    expect(configOf(["--network", "ns:/run/x", "image"]).network).toMatchObject({ mode: "ns", path: "/run/x" });
  });
  it("publishes ports of containers in networks, and nothing for an empty value", () => {
    const { ports } = configOf(["--network", "a", "-p", "8080:80", "image"]).network;
    expect(ports).toEqual([{ hostIp: "", hostPort: 8080, containerPort: 80, protocol: "tcp" }]);
    expect(configOf(["-p", "", "image"]).network.ports).toEqual([]);
  });
  it("discards ports that the network cannot forward, and says so", () => {
    const said: string[] = [];
    const caller = fakeCaller({ warn: (message) => said.push(message) });
    expect(configOf(["--network", "none", "-p", "80", "image"], { caller }).network.ports).toEqual([]);
    expect(said).toEqual([expect.stringContaining("Port mappings have been discarded")]);
  });
});

describe("names", () => {
  it("takes DNS and hosts settings", () => {
    const { network } = configOf([
      ...["--dns", "1.1.1.1,::1", "--dns-search", "a.b", "--dns-opt", "ndots:1"],
      ...["--add-host", "db:1.2.3.4", "--add-host", "gw;gw2:host-gateway", "--add-host", "six:[::1]", "image"],
    ]);
    expect(network).toMatchObject({
      dnsServers: ["1.1.1.1", "::1"],
      dnsSearch: ["a.b"],
      dnsOptions: ["ndots:1"],
      extraHosts: ["db:1.2.3.4", "gw;gw2:host-gateway", "six:::1"],
    });
  });
  it.each([
    { argv: ["--dns", "not-an-ip"], message: "not-an-ip is not an ip address" },
    { argv: ["--dns", "none,1.1.1.1"], message: "--dns none excludes other" },
    { argv: ["--add-host", "db"], message: 'invalid format for add-host: "db"' },
    { argv: ["--add-host", "db:nine"], message: 'invalid IP address in add-host: "nine"' },
    { argv: ["--no-hosts", "--add-host", "db:1.1.1.1"], message: "--no-hosts and --add-host cannot be set together" },
    { argv: ["--hostname", "a b"], message: 'invalid hostname "a b"' },
    {
      argv: ["--uts", "host", "--hostname", "x"],
      message: "cannot set hostname when running in the host UTS namespace",
    },
  ])("refuses $argv", ({ argv, message }) => {
    expect(() => configOf([...argv, "image"])).toThrow(message);
  });
  it("has the host's name in the host's network", () => {
    expect(configOf(["--network", "host", "image"]).hostname).toBe("thehost");
    expect(configOf(["--network", "host", "-h", "own", "image"]).hostname).toBe("own");
    expect(configOf(["image"]).hostname).toBeUndefined();
  });
});
