import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cdiFolders, findDeviceEdits } from "../../src/container/cdi.ts";
import { generateSpec } from "../../src/container/spec/generate.ts";
import type { Engine } from "../../src/engine.ts";
import { isCdiName, noCdiEdits } from "../../src/oci/cdi.ts";
import { configOf } from "./config/command-line.ts";
import { inputOf } from "./spec/input.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dhow-cdi-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function engineWith(...names: string[]): Pick<Engine, "paths" | "globals"> {
  const cdiSpecDirs = names.map((name) => join(folder, name));
  for (const path of cdiSpecDirs) mkdirSync(path, { recursive: true });
  return { globals: { cdiSpecDirs }, paths: { config: "/c" } } as unknown as Pick<Engine, "paths" | "globals">;
}

function write(name: string, content: unknown): void {
  writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
}

const spec = (containerEdits: unknown, ...devices: unknown[]) => ({
  ...{ cdiVersion: "0.6.0", kind: "acme.com/gpu", containerEdits, devices },
});

describe("isCdiName()", () => {
  it("tells devices of vendors from paths and variables", () => {
    for (const name of ["acme.com/gpu=0", "nvidia.com/gpu=all", "a/b=GPU-1:2.x"]) expect(isCdiName(name)).toBe(true);
    for (const name of ["/dev/null", "acme.com=0", "a/b=", "a/b/c=1", "1a/b=0", "a/b= x"])
      expect(isCdiName(name)).toBe(false);
  });
});

describe("cdiFolders()", () => {
  it("are the machine's, then the user's", () => {
    const engine = { globals: {}, paths: { config: "/c/dhow" } } as unknown as Parameters<typeof cdiFolders>[0];
    expect(cdiFolders(engine)).toEqual(["/etc/cdi", "/run/cdi", "/c/cdi"]);
  });
});

describe("findDeviceEdits()", () => {
  it("joins what devices need with what their files want once", async () => {
    const engine = engineWith("etc");
    const one = {
      name: "0",
      containerEdits: { env: ["ONE=1"], deviceNodes: [{ path: "/dev/g0", hostPath: "/dev/null" }] },
    };
    const two = { name: "1", containerEdits: { deviceNodes: [{ path: "/dev/zero", permissions: "r" }] } };
    write("etc/acme.json", spec({ env: ["ALL=1"], additionalGids: [44] }, one, two));
    expect(await findDeviceEdits(engine, { cdiDevices: ["acme.com/gpu=0", "acme.com/gpu=1"] })).toEqual({
      ...noCdiEdits,
      env: ["ALL=1", "ONE=1"],
      deviceNodes: [
        { path: "/dev/g0", hostPath: "/dev/null", writable: true },
        { path: "/dev/zero", hostPath: "/dev/zero", writable: false },
      ],
      additionalGids: [44],
    });
  });

  it("reads YAML, and lets a later folder win", async () => {
    const engine = engineWith("etc", "own");
    write("etc/acme.json", spec({ env: ["FROM=etc"] }, { name: "0" }));
    write("own/acme.yaml", "kind: acme.com/gpu\ncontainerEdits:\n  env: [FROM=own]\ndevices:\n- name: '0'\n");
    expect((await findDeviceEdits(engine, { cdiDevices: ["acme.com/gpu=0"] })).env).toEqual(["FROM=own"]);
  });

  it("names devices that no file has, and files with mistakes", async () => {
    const engine = engineWith("etc");
    write("etc/a.json", "{");
    write("etc/b.yaml", "kind: nothing");
    write("etc/notes.txt", "not read");
    const error = await findDeviceEdits(engine, { cdiDevices: ["acme.com/gpu=9"] }).catch((cause) => cause);
    expect(error).toMatchObject({
      kind: "not-found",
      message: "setting up CDI devices: unresolvable CDI devices acme.com/gpu=9",
      hint: expect.stringMatching(/a\.json: .*; .*b\.yaml: invalid CDI specification: kind is not VENDOR\/CLASS$/),
    });
  });

  it("refuses a device that two files of a folder have", async () => {
    const engine = engineWith("etc");
    for (const name of ["a", "b"]) write(`etc/${name}.json`, spec({}, { name: "0" }));
    await expect(findDeviceEdits(engine, { cdiDevices: ["acme.com/gpu=0"] })).rejects.toThrow(
      /conflicting device "acme.com\/gpu=0" \(CDI specs: .*b\.json, .*a\.json\)/,
    );
  });

  it("refuses a device that is not there", async () => {
    const engine = engineWith("etc");
    write("etc/a.json", spec({}, { name: "0", containerEdits: { deviceNodes: [{ path: "/dev/no-such-gpu" }] } }));
    await expect(findDeviceEdits(engine, { cdiDevices: ["acme.com/gpu=0"] })).rejects.toThrow(
      "setting up CDI devices: acme.com/gpu=0: there is no /dev/no-such-gpu",
    );
  });

  it.each([
    [{ env: "A=1" }, "env is not a list"],
    [{ mounts: [{ hostPath: "x", containerPath: "/x" }] }, "hostPath of a mount is not an absolute path"],
    [{ hooks: [{ hookName: "often", path: "/bin/true" }] }, 'hook "often"'],
    [{ deviceNodes: [{ path: "/dev/null", permissions: "x" }] }, "permissions of /dev/null"],
    [{ intelRdt: { closID: "x" } }, "intelRdt can be set by root only"],
    [{ netDevices: [{ hostInterfaceName: "eth1" }] }, "netDevices can be set by root only"],
  ])("does not use a file with a mistake or with what cannot be done: %j", async (edits, reason) => {
    const engine = engineWith("etc");
    write("etc/a.json", spec(edits, { name: "0" }));
    const error = await findDeviceEdits(engine, { cdiDevices: ["acme.com/gpu=0"] }).catch((cause) => cause);
    expect(error.hint).toContain(reason);
  });
});

describe("--device and --gpus", () => {
  it("keep vendors' devices apart from paths", () => {
    const config = configOf(["--device", "/dev/fuse,acme.com/gpu=0", "--gpus", "all", "--gpus", "device=1", "image"]);
    expect(config.devices).toEqual(["/dev/fuse"]);
    expect(config.cdiDevices).toEqual(["acme.com/gpu=0", "nvidia.com/gpu=all", "nvidia.com/gpu=1"]);
    expect(configOf(["image"]).cdiDevices).toBeUndefined();
    expect(() => configOf(["--gpus", "a b", "image"])).toThrow('invalid --gpus "a b"');
  });
});

describe("generateSpec() with vendors' edits", () => {
  it("has their variables, nodes, mounts, hooks and groups", () => {
    const deviceEdits = {
      env: ["GPU=new"],
      deviceNodes: [{ path: "/dev/g0", hostPath: "/dev/null", writable: false }],
      mounts: [{ hostPath: "/opt/lib", containerPath: "/usr/lib/gpu", type: undefined, options: ["ro", "nosuid"] }],
      hooks: [{ hookName: "createContainer", path: "/opt/hook", args: ["hook", "x"], env: [], timeout: 5 }],
      additionalGids: [44],
    };
    const made = generateSpec(inputOf(["--env", "GPU=old"], { deviceEdits }));
    expect(made.process.env.filter((entry) => entry.startsWith("GPU="))).toEqual(["GPU=new"]);
    expect(made.mounts).toContainEqual({
      ...{ destination: "/dev/g0", type: "bind", source: "/dev/null" },
      options: ["slave", "nosuid", "noexec", "ro", "rbind"],
    });
    expect(made.mounts).toContainEqual({
      ...{ destination: "/usr/lib/gpu", type: "bind", source: "/opt/lib", options: ["ro", "nosuid", "rbind"] },
    });
    expect(made.hooks).toEqual({ createContainer: [{ path: "/opt/hook", args: ["hook", "x"], env: [], timeout: 5 }] });
    expect(made.process.user.additionalGids).toEqual([44]);
    expect(() => generateSpec(inputOf([], { deviceEdits: { ...noCdiEdits, additionalGids: [70_000] } }))).toThrow(
      "do not have the group 70000",
    );
    expect(generateSpec(inputOf([])).hooks).toBeUndefined();
  });
});
