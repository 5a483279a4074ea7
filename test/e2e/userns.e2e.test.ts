import { readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";

const image = "localhost/dhow-busybox:latest";
const run = ["run", "--rm", "--network", "none"];

describe.skipIf(!canBe("range"))("user namespaces", () => {
  let user: TestUser;
  beforeAll(() => {
    user = testUser("range");
  });
  afterAll(() => user?.dispose());

  const sh = (script: string, ...flags: string[]) => user.succeed([...run, ...flags, image, "sh", "-c", script]);
  const map = "awk '{print $1, $2, $3}' /proc/self/uid_map";

  it("keep-id: the user is the same inside, and the image's files are root's", async () => {
    const script = "id -u; id -un; stat -c %u / /etc /bin; touch /tmp/file; stat -c %u /tmp/file /v; touch /v/made";
    await user.program(["mkdir", "bound"]);
    const lines = (await sh(script, "--userns", "keep-id", "-v", `${user.home}/bound:/v`)).split("\n");
    expect(lines).toEqual([`${user.uid}`, user.name, "0", "0", "0", `${user.uid}`, `${user.uid}`]);
    expect((await user.program(["stat", "-c", "%u", "bound/made"])).stdout).toBe(`${user.uid}\n`);
    expect(await sh("id -u; id -g", "--userns", "keep-id:uid=200,gid=210")).toBe("200\n210");
    expect(await sh("id -u", "--userns", "keep-id", "--user", "0")).toBe("0");
    expect(await sh("id -u; stat -c %u /v; touch /v/x", "--userns=keep-id", "-v", "named:/v")).toBe(
      `${user.uid}\n${user.uid}`,
    );
  });

  it("keeps what such a container writes in the image's terms", async () => {
    const flags = ["--name", "kept", "--network", "none", "--userns", "keep-id", "--user", "0"];
    await user.succeed([
      "run",
      ...flags,
      image,
      "sh",
      "-c",
      "touch /root-file; touch /user-file; chown 5:5 /user-file",
    ]);
    await user.succeed(["commit", "-q", "kept", "written"]);
    expect(await user.succeed([...run, "written", "stat", "-c", "%u", "/root-file", "/user-file"])).toBe("0\n5");
    expect(await user.succeed(["start", "-a", "kept"])).toBe("");
    await user.succeed(["rm", "kept"]);
  });

  it("nomap, auto and maps: containers that share no id with each other or with the user", async () => {
    expect(await sh(`${map}; touch /x; stat -c %u /x /v`, "--userns", "nomap", "-v", "nomap:/v")).toMatch(
      /^0 1 \d+\n0\n0$/,
    );
    await user.succeed([
      "run",
      "-d",
      "--name",
      "one",
      "--network",
      "none",
      "--userns",
      "auto:size=100",
      image,
      "sleep",
      "1000",
    ]);
    expect(await user.succeed(["exec", "one", "sh", "-c", map])).toBe("0 1 100");
    expect(await sh(map, "--userns", "auto:size=50")).toBe("0 101 50");
    expect(
      await user.succeed(["inspect", "-f", "{{.HostConfig.UsernsMode}} {{.HostConfig.IDMappings.UidMap}}", "one"]),
    ).toBe("private [0:1:100]");
    expect(await sh(map, "--userns", "container:one")).toBe("0 1 100");
    expect(readdirSync("/tmp").filter((name) => name.startsWith("dhow-root-"))).toHaveLength(1);
    await user.succeed(["rm", "-f", "-t", "0", "one"]);
    expect(await sh(map, "--uidmap", "0:1:10", "--uidmap", "10:50:5")).toBe("0 1 10\n10 50 5");
    // The user and the subordinate ids are two ranges of the user's namespace: the kernel maps none that lies in both.
    expect(await sh(map, "--uidmap", "0:1:10", "--gidmap", "0:0:10")).toBe("0 1 10");
    expect(await sh(map, "--uidmap", "0:0:10", "--gidmap", "0:1:10")).toBe("0 0 1\n1 1 9");
    expect(await sh(map, "--userns", "auto:size=10,uidmapping=5:1:1")).toBe("0 2 5\n5 1 1\n6 7 4");
    expect(await user.dhow([...run, "--userns", "auto:size=70000", image, "true"])).toMatchObject({
      exitCode: 125,
      stderr: expect.stringContaining("not enough unused IDs in user namespace"),
    });
    expect(await user.succeed([...run, image, "sh", "-c", map], { env: { DHOW_USERNS: "nomap" } })).toMatch(
      /^0 1 \d+$/,
    );
  });

  it("give secrets, entries of the user database and networks", async () => {
    await user.succeed(["secret", "create", "s", "-"], { input: "hush" });
    expect(
      await sh(
        "cat /run/secrets/s; stat -c %u:%a /run/secrets/s",
        "--userns=auto:size=100",
        "--secret",
        "s,uid=7,mode=400",
      ),
    ).toBe("hush7:400");
    const entry = ["--passwd-entry", "$USERNAME:*:$UID:$GID:$NAME:$HOME:/bin/ash", "--group-entry", "people:x:$GID:"];
    expect(await sh("tail -n1 /etc/passwd; tail -n1 /etc/group", "--user", "77:78", ...entry)).toBe(
      "77:*:77:78:container user:/:/bin/ash\npeople:x:78:",
    );
    expect(
      await sh("grep -c '^daemon:' /etc/passwd; grep -c '^77:' /etc/passwd || true", "--user", "77", "--passwd=false"),
    ).toBe("1\n0");
    expect(await sh("grep -c '^games:' /etc/passwd", "--hostuser", "games")).toBe("1");
    expect(await sh("id -G", "--group-add", "keep-groups")).toBe("0");
    const listen = "nc -l -p 80 & sleep 0.2; kill $! && echo listened";
    expect(await user.succeed(["run", "--rm", "--userns", "keep-id", "--user", "0", image, "sh", "-c", listen])).toBe(
      "listened",
    );
  });

  it("leave nothing behind", async () => {
    await user.succeed(["volume", "prune", "-af"]);
    await user.expectNothingLeft();
    expect(readdirSync("/tmp").filter((name) => name.startsWith("dhow-root-"))).toEqual([]);
  });
});
