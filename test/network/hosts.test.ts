import { describe, expect, it } from "vitest";
import { containerHosts } from "../../src/network/hosts.ts";

const request = {
  extraHosts: [],
  selves: [{ address: "10.0.2.100", names: ["0123456789ab", "web"] }],
  hostAddress: "192.0.2.7",
  base: "127.0.0.1 localhost\n127.0.1.1 laptop\n10.1.1.1 intranet wiki # x\nff02::1 ip6-allnodes\n",
  onHost: false,
};
const linesOf = (changes: Partial<typeof request> | { extraHosts: string[]; hostAddress?: undefined }) =>
  containerHosts({ ...request, ...changes } as typeof request)
    .trimEnd()
    .split("\n");

describe("containerHosts()", () => {
  it("names loopback, what the host knows of others, the host and the container", () => {
    expect(linesOf({})).toEqual([
      "127.0.0.1\tlocalhost localhost.localdomain localhost4",
      "::1\tlocalhost localhost.localdomain localhost6 ip6-localhost ip6-loopback",
      "10.1.1.1\tintranet wiki",
      "192.0.2.7\thost.containers.internal host.docker.internal",
      "10.0.2.100\t0123456789ab web",
    ]);
  });
  it("puts the user's entries first, instead of others of that name", () => {
    const lines = linesOf({ extraHosts: ["wiki;db:1.2.3.4", "gw:host-gateway", "web:::1"] });
    expect(lines.slice(0, 3)).toEqual(["1.2.3.4\twiki db", "192.0.2.7\tgw", "::1\tweb"]);
    expect(lines).toContain("10.1.1.1\tintranet");
    expect(lines).toContain("10.0.2.100\t0123456789ab");
  });
  it("keeps the host's own names in the host's network", () => {
    expect(linesOf({ onHost: true })).toContain("127.0.1.1\tlaptop");
  });
  it("does without an address of the host, unless it is asked for", () => {
    expect(linesOf({ extraHosts: [], hostAddress: undefined }).join()).not.toContain("internal");
    expect(() => linesOf({ extraHosts: ["x:host-gateway"], hostAddress: undefined })).toThrow(
      'unable to replace "host-gateway" of host entry "x:host-gateway"',
    );
  });
});
