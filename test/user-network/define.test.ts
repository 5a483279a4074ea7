import { describe, expect, it } from "vitest";
import { parseCidr } from "../../src/model/ip-address.ts";
import type { NetworkRecord } from "../../src/storage/networks.ts";
import { defineNetwork, type NetworkRequest } from "../../src/user-network/define.ts";

const plain: NetworkRequest = {
  ...{ name: "n", driver: "bridge", interfaceName: undefined, subnets: [], routes: [], ipv6: false, internal: false },
  ...{ disableDns: false, dnsServers: [], labels: {}, options: {}, ipamDriver: undefined },
};
const define = (change: Partial<NetworkRequest>, others: readonly NetworkRecord[] = [], used: readonly string[] = []) =>
  defineNetwork(
    { ...plain, ...change },
    others,
    used.flatMap((text) => parseCidr(text) ?? []),
  );
const other = (change: Partial<NetworkRecord>): NetworkRecord => ({
  ...define({}),
  ...{ id: "1", createdAt: new Date(), ...change },
});

describe("defineNetwork()", () => {
  it("chooses a free subnet, bridge and gateway", () => {
    const others = [other({ name: "a", subnets: [{ subnet: "10.89.0.0/24" }], interfaceName: "podman1" })];
    expect(define({}, others, ["10.89.1.7/25"])).toMatchObject({
      ...{ name: "n", interfaceName: "podman2", dns: true, ipam: "host-local" },
      subnets: [{ subnet: "10.89.2.0/24", gateway: "10.89.2.1" }],
    });
  });
  it("names a network after its bridge", () => {
    expect(define({ name: undefined }, [other({ name: "podman1" })])).toMatchObject({
      ...{ name: "podman2", interfaceName: "podman2" },
    });
  });
  it("adds what IPv6 lacks", () => {
    const { subnets, ipv6 } = define({ ipv6: true, subnets: [{ subnet: "192.168.7.5/24" }] });
    expect(ipv6).toBe(true);
    expect(subnets[0]).toEqual({ subnet: "192.168.7.0/24", gateway: "192.168.7.1" });
    expect(subnets[1]?.subnet).toMatch(/^fd[0-9a-f:]+::\/64$/);
    expect(define({ subnets: [{ subnet: "fd00:7::/64" }] }).ipv6).toBe(true);
  });
  it("takes a range in both forms", () => {
    const range = (text: string) => define({ subnets: [{ subnet: "10.7.0.0/24", range: text }] }).subnets[0]?.range;
    expect(range("10.7.0.5-10.7.0.9")).toEqual({ start: "10.7.0.5", end: "10.7.0.9" });
    expect(range("10.7.0.16/28")).toEqual({ start: "10.7.0.17", end: "10.7.0.30" });
  });
  it("needs no gateway without a way out and without names", () => {
    expect(define({ internal: true, disableDns: true }).subnets[0]?.gateway).toBeUndefined();
    expect(define({ internal: true }).subnets[0]?.gateway).toBe("10.89.0.1");
  });
  it("has no names and no subnet without addresses", () => {
    expect(define({ ipamDriver: "none" })).toMatchObject({ ipam: "none", dns: false, subnets: [] });
  });
  it("knows Docker's options", () => {
    const options = { "com.docker.network.driver.mtu": "1400", "com.docker.network.bridge.name": "br0", isolate: "1" };
    expect(define({ options })).toMatchObject({ interfaceName: "br0", options: { mtu: "1400", isolate: "true" } });
  });
  it.each<[Partial<NetworkRequest>, string]>([
    [{ name: "host" }, 'cannot create network with name "host" because it conflicts with a valid network mode'],
    [{ name: "a b" }, "network name a b invalid: names must match"],
    [{ name: "taken" }, "network name taken already used: network already exists"],
    [{ driver: "macvlan" }, "without root"],
    [{ driver: "vxlan" }, "unsupported driver: vxlan"],
    [{ ipamDriver: "dhcp" }, "ipam driver dhcp is not supported"],
    [{ ipamDriver: "x" }, 'unsupported ipam driver "x"'],
    [{ ipamDriver: "none", subnets: [{ subnet: "10.7.0.0/24" }] }, "none ipam driver is set but subnets are given"],
    [{ subnets: [{ subnet: "10.7.0.0" }] }, "invalid CIDR address: 10.7.0.0"],
    [{ subnets: [{ subnet: "10.3.0.0/16" }] }, "subnet 10.3.0.0/16 is already used on the host or by another config"],
    [{ subnets: [{ subnet: "10.7.0.0/24", gateway: "10.8.0.1" }] }, "gateway 10.8.0.1 not in subnet 10.7.0.0/24"],
    [{ subnets: [{ subnet: "10.7.0.0/24", range: "10.8.0.1-10.8.0.2" }] }, "lease range start ip 10.8.0.1 not in"],
    [{ subnets: [{ subnet: "10.7.0.0/24", range: "x-y" }] }, 'range start ip "x" is not a ip address'],
    [{ interfaceName: "br0" }, "bridge name br0 already in use"],
    [{ interfaceName: "a-name-that-is-long" }, "longer than 15"],
    [{ disableDns: true, dnsServers: ["1.1.1.1"] }, "cannot set NetworkDNSServers if DNS is not enabled"],
    [{ routes: [{ destination: "10.9.0.1/24", gateway: "10.7.0.9" }] }, "route destination invalid"],
    [{ options: { mtu: "x" } }, 'invalid mtu "x"'],
    [{ options: { vlan: "5000" } }, 'invalid vlan ID "5000"'],
    [{ options: { isolate: "maybe" } }, "neither true nor false"],
    [{ options: { mode: "unmanaged" } }, "bridge mode unmanaged"],
    [{ options: { vrf: "red" } }, "option vrf"],
    [{ options: { colour: "blue" } }, "unsupported bridge network option colour"],
  ])("refuses %j", (change, message) => {
    const others = [other({ name: "taken", interfaceName: "br0", subnets: [] })];
    expect(() => define(change, others, ["10.3.4.5/24"])).toThrow(message);
  });
});
