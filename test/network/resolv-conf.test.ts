import { describe, expect, it } from "vitest";
import { containerResolvConf, parseResolvConf, reachableServers } from "../../src/network/resolv-conf.ts";

const nothing = { dnsServers: [], dnsSearch: [], dnsOptions: [] };
const behindPasta = { forwarder: "169.254.1.1", onHost: false };

describe("parseResolvConf()", () => {
  it("reads servers, the last search list and options, and skips the rest", () => {
    const text =
      "# c\nnameserver 1.1.1.1 # x\n domain old\nsearch a.b c.d\nnameserver ::1;y\noptions ndots:2 rotate\nsortlist 1.2.3.4\nnameserver\n";
    expect(parseResolvConf(text)).toEqual({
      servers: ["1.1.1.1", "::1"],
      search: ["a.b", "c.d"],
      options: ["ndots:2", "rotate"],
    });
  });
});

describe("containerResolvConf()", () => {
  const host = { servers: ["127.0.0.53", "10.0.0.1"], search: ["corp.example"], options: ["edns0"] };
  it("reaches the host's loopback resolver through the forwarder", () => {
    expect(containerResolvConf(nothing, host, behindPasta)).toBe(
      "search corp.example\nnameserver 169.254.1.1\nnameserver 10.0.0.1\noptions edns0\n",
    );
  });
  it("does not forward to a host that has IPv6 resolvers only", () => {
    const six = { ...host, servers: ["2001:db8::1", "fe80::1%eth0"] };
    expect(containerResolvConf(nothing, six, behindPasta)).toContain("nameserver 2001:db8::1\noptions");
    expect(containerResolvConf(nothing, six, behindPasta)).not.toMatch(/169\.254|fe80/);
  });
  it("is the host's in the host's network", () => {
    expect(containerResolvConf(nothing, host, { forwarder: undefined, onHost: true })).toContain(
      "nameserver 127.0.0.53\n",
    );
  });
  it("is what the user says", () => {
    const config = { dnsServers: ["9.9.9.9"], dnsSearch: ["."], dnsOptions: ["ndots:1"] };
    expect(containerResolvConf(config, host, behindPasta)).toBe("nameserver 9.9.9.9\noptions ndots:1\n");
    expect(containerResolvConf({ ...nothing, dnsServers: ["none"] }, host, behindPasta)).toBeUndefined();
  });
  it("asks the resolvers of the container's networks, which ask others in its stead", () => {
    const inNetworks = { ...behindPasta, ofNetworks: ["10.89.0.1"] };
    const config = { dnsServers: ["9.9.9.9"], dnsSearch: [], dnsOptions: [] };
    expect(containerResolvConf(config, host, inNetworks)).toBe(
      "search dns.podman corp.example\nnameserver 10.89.0.1\noptions edns0\n",
    );
    expect(containerResolvConf({ ...nothing, dnsSearch: ["a.b"] }, host, inNetworks)).toContain("search a.b\n");
  });
});

describe("reachableServers()", () => {
  const of = (...servers: string[]) => reachableServers({ servers, search: [], options: [] }, "169.254.1.1");
  it("has the host's own resolvers, and its loopback ones through the forwarder", () => {
    expect(of("10.0.0.1", "10.0.0.2")).toEqual(["10.0.0.1", "10.0.0.2"]);
    expect(of("127.0.0.53", "10.0.0.1")).toEqual(["10.0.0.1", "169.254.1.1"]);
    expect(of()).toEqual(["169.254.1.1"]);
  });
});
