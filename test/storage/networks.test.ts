import { describe, expect, it } from "vitest";
import type { Engine } from "../../src/engine.ts";
import type { ContainerConfig } from "../../src/model/container-config.ts";
import type { NetworkAttachment, NetworkDefinition } from "../../src/model/network.ts";
import { makeScratch, sampleConfig } from "./scratch.ts";

const definition: NetworkDefinition = {
  ...{ name: "n", interfaceName: "podman1", subnets: [{ subnet: "10.7.0.0/29", gateway: "10.7.0.1" }], routes: [] },
  ...{ ipv6: false, internal: false, dns: true, dnsServers: [], labels: {}, options: {}, ipam: "host-local" },
};

function network(engine: Engine, change: Partial<NetworkDefinition> = {}) {
  return engine.networks.add(() => ({ ...definition, ...change }));
}

let counter = 0;
function container(engine: Engine, networks: readonly NetworkAttachment[] = [{ name: "n", aliases: [] }]): string {
  const config = sampleConfig({
    network: { mode: "bridge", networks, ports: [] } as unknown as ContainerConfig["network"],
  });
  const id = `${counter++}`.padStart(64, "0");
  return engine.containers.add({ id, name: `c${id}`, createdAt: new Date(), config }).id;
}

const take = (engine: Engine, id: string, attachment: Partial<NetworkAttachment> = {}) =>
  engine.networks.leases
    .take(id, [{ network: engine.networks.get("n"), attachment: { name: "n", aliases: [], ...attachment } }])
    .flatMap((addresses) => addresses.map(({ address }) => address));

describe("networks", () => {
  it("has a default network that cannot be removed, but changed", () => {
    const { networks } = makeScratch().open();
    expect(networks.list().map(({ name }) => name)).toEqual(["podman"]);
    expect(networks.find("2f259bab93aa")?.name).toBe("podman");
    expect(() => networks.remove("podman")).toThrow("default network podman cannot be removed");
    networks.update("podman", { dnsServers: ["1.1.1.1"] });
    expect(networks.get("podman").dnsServers).toEqual(["1.1.1.1"]);
    expect(networks.list()).toHaveLength(1);
  });
  it("finds by name and by the beginning of an id, and refuses to guess", () => {
    const { networks } = makeScratch().open();
    const one = networks.add(() => definition);
    expect(networks.get("n").id).toBe(one.id);
    expect(networks.get(one.id.slice(0, 12)).name).toBe("n");
    expect(() => networks.get("nosuch")).toThrow("unable to find network with name or ID nosuch: network not found");
  });
  it("keeps a network that containers are connected to", () => {
    const engine = makeScratch().open();
    network(engine);
    const id = container(engine);
    expect(engine.networks.users("n")).toEqual([id]);
    expect(() => engine.networks.remove("n")).toThrow('"n" has associated containers with it');
    engine.containers.remove(id);
    engine.networks.remove("n");
    expect(() => container(engine)).toThrow("network not found");
  });
});

describe("leases", () => {
  it("gives each its own address, the next ones first, and none twice at the same time", () => {
    const engine = makeScratch().open();
    network(engine);
    const ids = Array.from({ length: 6 }, () => container(engine));
    const [a = "", b = "", c = "", d = "", e = "", f = ""] = ids;
    expect([a, b].flatMap((id) => take(engine, id))).toEqual(["10.7.0.2", "10.7.0.3"]);
    engine.networks.leases.release(a);
    expect([c, d, e].flatMap((id) => take(engine, id))).toEqual(["10.7.0.4", "10.7.0.5", "10.7.0.6"]);
    expect(take(engine, f)).toEqual(["10.7.0.2"]);
    expect(() => take(engine, a)).toThrow("IPAM error: failed to find free IP in range: 10.7.0.1 - 10.7.0.6");
    engine.containers.remove(d);
    expect(take(engine, a)).toEqual(["10.7.0.5"]);
  });
  it("gives a wanted address to one, and to the same one again", () => {
    const engine = makeScratch().open();
    network(engine);
    const [one, two] = [container(engine), container(engine)];
    expect(take(engine, one, { ip4: "10.7.0.5" })).toEqual(["10.7.0.5"]);
    expect(take(engine, one, { ip4: "10.7.0.5" })).toEqual(["10.7.0.5"]);
    expect(() => take(engine, two, { ip4: "10.7.0.5" })).toThrow(`already allocated to container ID ${one}`);
    expect(() => take(engine, two, { ip4: "10.7.0.1" })).toThrow("already allocated to the gateway");
    expect(() => take(engine, two, { ip4: "10.8.0.1" })).toThrow("requested static ip 10.8.0.1 not in any subnet");
    expect(engine.networks.leases.list()).toHaveLength(1);
  });
  it("stays in the range, and gives an address of each subnet", () => {
    const engine = makeScratch().open();
    network(engine, {
      subnets: [
        { subnet: "10.7.0.0/24", gateway: "10.7.0.1", range: { start: "10.7.0.9", end: "10.7.0.9" } },
        { subnet: "fd00:7::/64", gateway: "fd00:7::1" },
      ],
    });
    expect(take(engine, container(engine))).toEqual(["10.7.0.9", "fd00:7::2"]);
    expect(() => take(engine, container(engine))).toThrow("range: 10.7.0.9 - 10.7.0.9");
    expect(engine.networks.leases.list()).toHaveLength(2);
  });
  it("counts a member of a network without addresses", () => {
    const engine = makeScratch().open();
    network(engine, { ipam: "none", subnets: [] });
    const id = container(engine);
    expect(take(engine, id)).toEqual([]);
    expect(engine.networks.leases.list()).toMatchObject([{ network: "n", containerId: id }]);
  });
  it("forgets another boot, and starts that were killed", () => {
    const engine = makeScratch().open();
    network(engine);
    const [old, dead] = [container(engine), container(engine)];
    take(engine, old);
    engine.database.run("UPDATE network_leases SET boot_id = 'another'");
    expect(take(engine, dead, { ip4: "10.7.0.2" })).toEqual(["10.7.0.2"]);
    expect(engine.networks.leases.forgetDeadStarts()).toBe(0);
    engine.database.run("UPDATE network_leases SET leased_at = 0");
    expect(engine.networks.leases.forgetDeadStarts()).toBe(1);
  });
});
