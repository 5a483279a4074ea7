import { describe, expect, it } from "vitest";
import type { PortMapping } from "../../src/model/container-config.ts";
import { explainFailure } from "../../src/network/explain.ts";
import { pastaCommand } from "../../src/network/pasta.ts";
import { planSlirp } from "../../src/network/slirp4netns.ts";

const pasta = (options: readonly string[], ports: readonly PortMapping[] = []) =>
  pastaCommand({ program: "/usr/bin/pasta", netns: "/r/netns", pidFile: "/r/pid", config: { options, ports } }).join(
    " ",
  );
const port = (hostPort: number, containerPort: number, more: Partial<PortMapping> = {}): PortMapping => ({
  hostIp: "",
  hostPort,
  containerPort,
  protocol: "tcp",
  ...more,
});

describe("pastaCommand()", () => {
  it("forwards nothing by default and gives the container an address of its own", () => {
    expect(pasta([])).toBe(
      "/usr/bin/pasta --config-net --address 10.0.2.100 --netmask 24 --gateway 10.0.2.2 --dns-forward 169.254.1.1" +
        " --no-map-gw -t none -u none -T none -U none --quiet --pid /r/pid --netns /r/netns",
    );
  });
  it("joins neighbouring ports into ranges", () => {
    const ports = [
      port(8080, 80),
      port(8081, 81),
      port(8082, 90),
      port(53, 53, { hostIp: "127.0.0.1", protocol: "udp" }),
    ];
    expect(pasta([], ports)).toContain("-t 8080-8081:80-81 -t 8082:90 -u 127.0.0.1/53:53 -T none");
  });
  it("lets the user's options stand in for its own", () => {
    const command = pasta(["--map-gw", "-a", "10.9.9.9", "--dns-forward=1.1.1.1", "-t", "auto", "-T", "80", "--debug"]);
    expect(command).not.toMatch(/map-gw|10\.0\.2|169\.254|-t none|-T none|--quiet/);
    expect(command).toContain("-a 10.9.9.9 --dns-forward=1.1.1.1 -t auto -T 80 --debug -u none");
  });
});

describe("planSlirp()", () => {
  const plan = (options: readonly string[], ports: readonly PortMapping[] = []) =>
    planSlirp({ program: "/usr/bin/slirp4netns", runDirectory: "/r", config: { options, ports } });
  it("keeps the host's loopback out of reach unless it is allowed", () => {
    expect(plan([]).command).toContain("--disable-host-loopback");
    expect(plan(["allow_host_loopback=true"]).command).not.toContain("--disable-host-loopback");
  });
  it("asks for a control socket only to publish ports", () => {
    expect(plan([]).command.join(" ")).not.toContain("api-socket");
    expect(plan([], [port(1, 2)]).command).toContain("--api-socket=/r/slirp.sock");
  });
  it("knows the addresses of another network", () => {
    expect(plan([]).network).toEqual({ address: "10.0.2.100", resolver: "10.0.2.3" });
    expect(plan(["cidr=10.5.0.0/24", "mtu=1500"]).network).toEqual({ address: "10.5.0.100", resolver: "10.5.0.3" });
    expect(plan(["cidr=10.5.0.0/24", "mtu=1500"]).command).toEqual(
      expect.arrayContaining(["--cidr=10.5.0.0/24", "--mtu=1500"]),
    );
  });
  it.each(["nonsense", "foo=bar", "port_handler=rootlesskit", "cidr=10"])("refuses %s", (option) => {
    expect(() => plan([option])).toThrow(/slirp4netns|cidr/);
  });
});

describe("explainFailure()", () => {
  it("leaves out noise and usage", () => {
    const output =
      "Failed to send 51 bytes to syslog\npasta: unrecognized option '--foo'\nUsage: pasta [OPTION]...\n -d debug\n";
    expect(explainFailure("pasta", output, []).message).toBe(
      "cannot set up the container's network: pasta failed: pasta: unrecognized option '--foo'",
    );
  });
});
