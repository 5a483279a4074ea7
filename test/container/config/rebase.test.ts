import { describe, expect, it } from "vitest";
import { rebaseConfig } from "../../../src/container/config/rebase.ts";
import { configOf } from "./command-line.ts";

const before = {
  ...{ Cmd: ["serve"], Entrypoint: ["/old"], Env: ["VERSION=1", "MODE=slow"], User: "app", WorkingDir: "/srv" },
  ...{ Labels: { version: "1", by: "them" }, StopSignal: "SIGQUIT", ExposedPorts: { "80/tcp": {} } },
  Healthcheck: { Test: ["CMD", "old"] },
};
const after = {
  ...{ Cmd: ["serve", "-v"], Entrypoint: ["/new"], Env: ["VERSION=2", "EXTRA=x"], WorkingDir: "/app" },
  ...{ Labels: { version: "2" }, StopSignal: "SIGINT", ExposedPorts: { "81/tcp": {} } },
  Healthcheck: { Test: ["CMD", "new"] },
};
const rebased = (...argv: string[]) =>
  rebaseConfig(configOf(argv, { image: before }), { id: "4567", name: "web:latest", defaults: after });

describe("rebaseConfig()", () => {
  it("takes everything from the new image that came from the old one", () => {
    expect(rebased("image")).toMatchObject({
      ...{ imageId: "4567", argv: ["/new", "serve", "-v"], user: "", workdir: "/app", stopSignal: "SIGINT" },
      ...{ labels: { version: "2" }, exposedPorts: ["81/tcp"], health: { check: { test: ["CMD", "new"] } } },
    });
    const { env } = rebased("image");
    expect(env).toEqual(expect.arrayContaining(["VERSION=2", "EXTRA=x", "container=dhow"]));
    expect(env).not.toContain("MODE=slow");
  });

  it("is the configuration that the same command line gives for the new image", () => {
    const argv = ["-e", "MODE=fast", "--label", "by=me", "-w", "/data", "-u", "1000", "--expose", "90", "image", "sh"];
    const { createCommand, imageId, imageName, env, labels, ...fresh } = configOf(argv, { image: after });
    const {
      createCommand: _,
      imageId: __,
      imageName: ___,
      env: rebasedEnv,
      labels: rebasedLabels,
      ...rest
    } = rebased(...argv);
    expect({ ...rest, exposedPorts: [...rest.exposedPorts].sort() }).toEqual({
      ...fresh,
      exposedPorts: [...fresh.exposedPorts].sort(),
    });
    expect([...rebasedEnv].sort()).toEqual([...env].sort());
    expect(rebasedLabels).toEqual(labels);
  });

  it("keeps what the user asked for", () => {
    const kept = rebased("--no-healthcheck", "--stop-signal", "KILL", "--entrypoint", "/mine", "image", "x");
    expect(kept).toMatchObject({ argv: ["/mine", "x"], stopSignal: "SIGKILL", health: undefined });
  });
});
