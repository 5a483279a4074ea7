import { describe, expect, it } from "vitest";
import { containerFilter } from "../../src/container/filters.ts";
import type { Engine } from "../../src/engine.ts";
import type { ContainerConfig } from "../../src/model/container-config.ts";
import type { ContainerChange } from "../../src/storage/containers.ts";
import { addSampleImage, makeScratch, sampleConfig } from "../storage/scratch.ts";

interface Sample {
  readonly id: string;
  readonly name: string;
  readonly created: string;
  readonly config?: Partial<ContainerConfig>;
  readonly change?: ContainerChange;
}

const network = { mode: "none", options: [], ports: [] } as unknown as ContainerConfig["network"];
const restart = { policy: "no", maxRetries: 0 } as const;

async function fleet(): Promise<Engine> {
  const engine = makeScratch().open();
  const image = await addSampleImage(engine, { names: ["docker.io/library/alpine:latest"] });
  const samples: Sample[] = [
    {
      ...{ id: "aa1", name: "web", created: "2024-01-01T00:00:00Z" },
      config: {
        imageId: image.id,
        imageName: "docker.io/library/alpine:latest",
        labels: { app: "shop", tier: "front" },
        mounts: [{ type: "bind", source: "/srv", destination: "/data", options: [] }],
      },
      change: { state: "running" },
    },
    {
      ...{ id: "ab2", name: "web-db", created: "2024-02-01T00:00:00Z" },
      config: { labels: { app: "shop" }, restart: { policy: "always", maxRetries: 0 } },
      change: { state: "exited", exitCode: 3 },
    },
    { id: "cc3", name: "job", created: "2024-03-01T00:00:00Z", config: { network: { ...network, mode: "host" } } },
  ];
  for (const { id, name, created, config, change } of samples) {
    const full = id.padEnd(64, "0");
    const record = { id: full, name, createdAt: new Date(created) };
    engine.containers.add({ ...record, config: sampleConfig({ network, restart, ...config }) });
    if (change) engine.containers.update(full, change);
  }
  return engine;
}

function names(engine: Engine, filters: Record<string, string[]>): string[] {
  const fits = containerFilter(engine, new Map(Object.entries(filters)));
  return engine.containers
    .list()
    .filter(fits)
    .map(({ name }) => name);
}

describe("containerFilter()", () => {
  it.each([
    [{ name: ["web"] }, ["web", "web-db"]],
    [{ name: ["^web$"] }, ["web"]],
    [{ name: ["/job"] }, ["job"]],
    [{ name: ["web-db", "job"] }, ["web-db", "job"]],
    [{ id: ["a"] }, ["web", "web-db"]],
    [{ id: ["^cc"] }, ["job"]],
    [{ label: ["app"] }, ["web", "web-db"]],
    [{ label: ["app=shop", "tier=front"] }, ["web"]],
    [{ "label!": ["tier"] }, ["web-db", "job"]],
    [{ status: ["running"] }, ["web"]],
    [{ status: ["exited", "created"] }, ["web-db", "job"]],
    [{ status: ["stopped"] }, ["web-db"]],
    [{ exited: ["3"] }, ["web-db"]],
    [{ exited: ["0"] }, []],
    [{ ancestor: ["alpine"] }, ["web"]],
    [{ ancestor: ["docker.io/library/alpine:latest"] }, ["web"]],
    [{ ancestor: ["sample"] }, ["web-db", "job"]],
    [{ ancestor: ["busybox"] }, []],
    [{ before: ["job"] }, ["web", "web-db"]],
    [{ since: ["web"] }, ["web-db", "job"]],
    [{ until: ["2024-01-15"] }, ["web"]],
    [{ network: ["host"] }, ["job"]],
    [{ volume: ["/srv"] }, ["web"]],
    [{ volume: ["/data"] }, ["web"]],
    [{ volume: ["/srv:/data"] }, ["web"]],
    [{ volume: ["/srv:/else"] }, []],
    [{ "restart-policy": ["always"] }, ["web-db"]],
    [{ "should-start-on-boot": ["true"] }, ["web-db"]],
    [{ command: ["sleep"] }, ["web", "web-db", "job"]],
    [{ pod: ["any"] }, []],
    [{ health: ["healthy"] }, []],
    [{ name: ["web"], status: ["exited"] }, ["web-db"]],
    [{}, ["web", "web-db", "job"]],
  ])("lets through by %j", async (filters, expected) => {
    expect(names(await fleet(), filters as Record<string, string[]>)).toEqual(expected);
  });

  it.each([
    [{ colour: ["red"] }, "colour is an invalid filter"],
    [{ status: ["afloat"] }, "unknown container state: afloat: invalid argument"],
    [{ exited: ["x"] }, 'exited code out of range "x"'],
    [{ name: ["("] }, 'invalid regular expression "("'],
    [{ before: ["nosuch"] }, 'no container with name or ID "nosuch" found: no such container'],
  ])("refuses %j", async (filters, message) => {
    const engine = await fleet();
    expect(() => names(engine, filters as Record<string, string[]>)).toThrow(message);
  });
});
