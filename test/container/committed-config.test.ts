import { describe, expect, it } from "vitest";
import { committedConfig, mergeDefaults } from "../../src/container/committed-config.ts";
import type { ContainerConfig, MountConfig } from "../../src/model/container-config.ts";

const mount = (part: Partial<MountConfig>): MountConfig =>
  ({ type: "bind", source: "/src", destination: "/dst", options: [], ...part }) as MountConfig;

function container(part: Partial<ContainerConfig> = {}): ContainerConfig {
  return {
    imageDefaults: {},
    entrypoint: [],
    command: ["sh"],
    env: [],
    user: "",
    workdir: "/",
    labels: {},
    mounts: [],
    exposedPorts: [],
    network: { ports: [] },
    ...part,
  } as unknown as ContainerConfig;
}

const commit = (part: Partial<ContainerConfig>, includesVolumes = false) =>
  committedConfig(container(part), { includesVolumes });

describe("committedConfig()", () => {
  it("has what the container was given, over what the image has", () => {
    const imageDefaults = {
      ...{ Cmd: ["old"], Entrypoint: ["old"], Env: ["A=1"], Labels: { a: "image" }, User: "app", StopSignal: "SIGINT" },
      ...{ Shell: ["bash", "-c"], Healthcheck: { Test: ["CMD", "true"] }, ExposedPorts: { "1/tcp": {} } },
    };
    const given = { command: ["new"], entrypoint: ["run"], env: ["A=2", "B=3"], workdir: "/srv", labels: { b: "own" } };
    const network = { ports: [{ containerPort: 53, protocol: "udp" }] } as unknown as ContainerConfig["network"];
    expect(commit({ imageDefaults, ...given, exposedPorts: ["80/tcp"], network })).toEqual({
      ...{ Cmd: ["new"], Entrypoint: ["run"], Env: ["A=2", "B=3"], Labels: { a: "image", b: "own" }, User: "app" },
      ...{ StopSignal: "SIGINT", WorkingDir: "/srv", Shell: ["bash", "-c"], Healthcheck: { Test: ["CMD", "true"] } },
      ExposedPorts: { "1/tcp": {}, "80/tcp": {}, "53/udp": {} },
    });
  });

  it("leaves out what the engine gives to every container", () => {
    const env = ["PATH=/bin", "container=dhow", "HOSTNAME=0123"];
    expect(commit({ env }).Env).toEqual(["PATH=/bin"]);
    const imageDefaults = { Env: ["container=oci"] };
    expect(commit({ env: ["container=oci"], imageDefaults }).Env).toEqual(["container=oci"]);
  });

  it("makes image volumes of the container's own volumes, and of all if asked to", () => {
    const mounts = [
      mount({ destination: "/bound" }),
      mount({ type: "volume", destination: "/named" }),
      mount({ type: "volume", destination: "/own", anonymous: true }),
      mount({ type: "tmpfs", destination: "/tmpfs" }),
      mount({ type: "volume", destination: "/image", anonymous: true, fromImage: true }),
    ];
    expect(commit({ mounts }).Volumes).toEqual({ "/own": {} });
    expect(commit({ mounts }, true).Volumes).toEqual({ "/bound": {}, "/named": {}, "/own": {} });
  });
});

describe("mergeDefaults()", () => {
  it("replaces single values and the command line, adds to lists and maps", () => {
    const base = { Cmd: ["c"], Entrypoint: ["e"], User: "a", Env: ["A=1", "B=2"], Labels: { a: "1" } };
    expect(mergeDefaults(base, { User: "b", Env: ["B=3", "C=4"], Labels: { b: "2" }, Volumes: { "/v": {} } })).toEqual({
      ...{ Cmd: ["c"], Entrypoint: ["e"], User: "b", Env: ["A=1", "B=3", "C=4"], Labels: { a: "1", b: "2" } },
      Volumes: { "/v": {} },
    });
    expect(mergeDefaults(base, { Cmd: ["new"], User: "" })).toMatchObject({ Cmd: ["new"], User: "a" });
    expect(mergeDefaults(base, { Cmd: ["new"] })).not.toHaveProperty("Entrypoint");
    expect(mergeDefaults(base, undefined)).toBe(base);
  });
});
