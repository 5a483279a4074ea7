import { chownSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";

const run = ["run", "--rm", "--network", "none"];
const image = "localhost/dhow-busybox";

describe.skipIf(!canBe("range"))("devices of vendors", () => {
  let user: TestUser;
  beforeAll(() => {
    user = testUser("range");
    const hook = { hookName: "createContainer", path: "/bin/touch", args: ["touch", join(user.home, "hooked")] };
    const edits = {
      deviceNodes: [{ path: "/dev/acme0", hostPath: "/dev/null" }],
      mounts: [{ hostPath: "/etc/passwd", containerPath: "/acme", options: ["ro"] }],
      hooks: [hook],
    };
    const spec = { cdiVersion: "0.6.0", kind: "acme.com/thing", containerEdits: { env: ["ACME=all"] } };
    const folder = join(user.home, ".config/cdi");
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, "acme.json"),
      JSON.stringify({ ...spec, devices: [{ name: "0", containerEdits: edits }] }),
    );
    mkdirSync(join(user.home, "other"));
    const text = "kind: nvidia.com/gpu\ndevices:\n- name: all\n  containerEdits:\n    env: [GPU=yes]\n";
    writeFileSync(join(user.home, "other/nvidia.yaml"), text);
    for (const path of [".config", ".config/cdi", "other"]) chownSync(join(user.home, path), user.uid, -1);
  });
  afterAll(() => user?.dispose());

  it("come with what their files in the user's folder say", async () => {
    const script = "echo $ACME; echo x >/dev/acme0 && stat -c %F /dev/acme0; grep -c ^root: /acme";
    const flags = ["--device", "acme.com/thing=0"];
    expect(await user.succeed([...run, ...flags, image, "sh", "-c", script])).toBe("all\ncharacter special file\n1");
    expect(existsSync(join(user.home, "hooked"))).toBe(true);
  });

  it("are looked for in the folders of --cdi-spec-dir alone, and --gpus means NVIDIA's", async () => {
    const folders = ["--cdi-spec-dir", join(user.home, "other")];
    expect(await user.succeed([...folders, ...run, "--gpus", "all", image, "sh", "-c", "echo $GPU"])).toBe("yes");
    expect((await user.dhow([...folders, ...run, "--device", "acme.com/thing=0", image, "true"])).stderr).toContain(
      "setting up CDI devices: unresolvable CDI devices acme.com/thing=0",
    );
  });

  it("leave nothing behind", () => user.expectNothingLeft());
});
