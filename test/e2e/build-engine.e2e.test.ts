import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";

const base = "localhost/dhow-busybox";
/** No step needs one. */
const build = ["build", "--network", "none"];

describe.skipIf(!canBe("range"))("the engine of builds", () => {
  let user: TestUser;
  beforeAll(() => {
    user = testUser("range");
  });
  afterAll(() => user.dispose());

  let counter = 0;
  /** A context of these files. */
  function context(files: Readonly<Record<string, string | readonly string[]>>): string {
    const folder = join(user.home, `context-${counter++}`);
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), typeof content === "string" ? content : `${content.join("\n")}\n`);
    }
    return folder;
  }

  const id = async (...args: string[]) => (await user.succeed([...build, "-q", ...args])).split("\n").at(-1) ?? "";
  const run = (image: string, ...command: string[]) =>
    user.succeed(["run", "--rm", "--network", "none", image, ...command]);
  /** The steps that were really run, by what they print. */
  async function ran(...args: string[]): Promise<string[]> {
    const { stdout, stderr, exitCode } = await user.dhow([...build, ...args]);
    expect({ exitCode, stderr: exitCode === 0 ? "" : stderr }).toEqual({ exitCode: 0, stderr: "" });
    return [...new Set(`${stdout}\n${stderr}`.match(/\bran-\w+/g) ?? [])].sort();
  }

  it("gives an unchanged context the same image, whatever the times of its files", async () => {
    const folder = context({ Dockerfile: [`FROM ${base}`, "COPY f /f", "RUN date +%N >/t", "CMD cat /t"], f: "1" });
    const first = await id(folder);
    utimesSync(join(folder, "f"), 1, 1);
    expect(await id(folder)).toBe(first);
    chmodSync(join(folder, "f"), 0o755);
    expect(await id(folder)).not.toBe(first);
  });

  it("runs anew what a change reaches, and nothing else", async () => {
    const lines = (label: string) => [
      `FROM ${base} AS tools`,
      "COPY tool /tool",
      "RUN p=ran-; echo $p''tool; cp /tool /made",
      `FROM ${base}`,
      `LABEL version=${label}`,
      "RUN --mount=type=bind,source=mounted,target=/m p=ran-; echo $p''mount; cat /m >/from-mount",
      "COPY --from=tools /made /made",
      "RUN p=ran-; echo $p''last",
    ];
    const folder = context({ Dockerfile: lines("1"), tool: "a", mounted: "a", other: "a" });
    expect(await ran(folder)).toEqual(["ran-last", "ran-mount", "ran-tool"]);
    writeFileSync(join(folder, "other"), "b");
    expect(await ran(folder)).toEqual([]);
    // A label is no input of RUN.
    writeFileSync(join(folder, "Dockerfile"), lines("2").join("\n"));
    expect(await ran(folder)).toEqual([]);
    writeFileSync(join(folder, "mounted"), "b");
    expect(await ran(folder)).toEqual(["ran-last", "ran-mount"]);
    writeFileSync(join(folder, "tool"), "b");
    expect(await ran(folder)).toEqual(["ran-last", "ran-tool"]);
    expect(await ran("--no-cache-filter", "tools", folder)).toContain("ran-tool");
  });

  it("takes a declared argument for an input, and one that is not declared for none", async () => {
    const folder = context({ Dockerfile: [`FROM ${base}`, "ARG ONE=1", "RUN p=ran-; echo $p''arg $ONE", "ARG TWO"] });
    await ran(folder);
    expect(await ran("--build-arg", "ONE=2", folder)).toEqual(["ran-arg"]);
    expect(await ran("--build-arg", "ONE=2", "--build-arg", "TWO=3", folder)).toEqual([]);
  });

  it("goes on with the results of a build that failed", async () => {
    const failing = [`FROM ${base}`, "RUN p=ran-; echo $p''good", "RUN exit 7"];
    const folder = context({ Dockerfile: failing });
    const { exitCode, stderr } = await user.dhow([...build, folder]);
    expect(exitCode).toBe(7);
    expect(stderr).toContain('building at STEP "RUN exit 7": while running runtime: exit status 7');
    writeFileSync(join(folder, "Dockerfile"), failing.slice(0, 2).join("\n"));
    expect(await ran(folder)).toEqual([]);
  });

  it("runs stages at the same time: each waits for a sign of the other", async () => {
    const wait = (own: string, other: string) =>
      `RUN --mount=type=cache,target=/c touch /c/${own}; n=0; until [ -e /c/${other} ]; do n=$((n+1)); [ $n -lt 600 ] || exit 1; sleep 0.1; done`;
    const folder = context({
      Dockerfile: [
        ...[`FROM ${base} AS one`, wait("one", "two"), `FROM ${base} AS two`, wait("two", "one")],
        ...[`FROM ${base} AS unused`, "RUN false", `FROM ${base}`],
        ...["COPY --from=one /etc/passwd /one", "COPY --from=two /etc/passwd /two"],
      ],
    });
    await user.succeed([...build, folder]);
  });

  it("leaves no trace of secrets and mounts", async () => {
    const folder = context({
      Dockerfile: [
        `FROM ${base}`,
        "RUN --mount=type=secret,id=key --mount=type=secret,id=key,env=KEY --mount=type=tmpfs,target=/scratch/t \\",
        '  [ "$(cat /run/secrets/key)" = "$KEY" ] && [ "$(echo "$KEY" | wc -c)" = 12 ] && echo x >/scratch/t/x',
        "RUN ls -A / /run && env",
      ],
      key: "hidden-word",
    });
    await user.succeed([...build, "-t", "traces", "--secret", `id=key,src=${join(folder, "key")}`, folder]);
    expect(await run("traces", "sh", "-c", "ls /run/secrets /scratch 2>&1; env")).not.toMatch(/hidden-word|x$/m);
    const found = await user.program([
      "grep",
      "-rl",
      "hidden-word",
      join(user.home, ".local"),
      join(user.home, ".run"),
    ]);
    expect(found.stdout).toBe("");
  });

  it("gives equal digests for one timestamp, with every file at that time", async () => {
    const folder = context({
      Dockerfile: [`FROM ${base}`, "COPY f /d/f", "RUN date >/dev/null; echo x >/made"],
      f: "1",
    });
    const digest = async () => {
      await user.succeed([...build, "--no-cache", "--timestamp", "1234567890", "-t", "stamped", folder]);
      return user.succeed(["image", "inspect", "--format", "{{.Digest}} {{.Created}}", "stamped"]);
    };
    const first = await digest();
    utimesSync(join(folder, "f"), 99, 99);
    expect(await digest()).toBe(first);
    expect(await run("stamped", "stat", "-c", "%Y", "/d/f", "/made")).toBe("1234567890\n1234567890");
  });

  it("makes one layer of the new ones, or of all", async () => {
    const folder = context({ Dockerfile: [`FROM ${base}`, "RUN echo 1 >/a", "RUN rm /etc/profile; echo 2 >/b"] });
    const layers = async (...flags: string[]) => {
      await user.succeed([...build, ...flags, "-t", "squashed", folder]);
      return user.succeed(["image", "inspect", "--format", "{{len .RootFS.Layers}}", "squashed"]);
    };
    expect([await layers(), await layers("--squash"), await layers("--squash-all")]).toEqual(["3", "2", "1"]);
    expect(await run("squashed", "sh", "-c", "cat /a /b; ls /etc/profile 2>/dev/null | wc -l")).toBe("1\n2\n0");
  });

  it("writes files, archives and images to where --output says", async () => {
    const folder = context({ Dockerfile: ["FROM scratch", "COPY f /sub/f"], f: "content" });
    const out = join(user.home, "out");
    await user.succeed([...build, "-o", out, folder]);
    expect(readFileSync(join(out, "sub/f"), "utf8")).toBe("content");
    await user.succeed([...build, "-o", `type=tar,dest=${out}.tar`, folder]);
    expect((await user.program(["tar", "tf", `${out}.tar`])).stdout).toBe("sub/\nsub/f\n");
    await user.succeed([...build, "-o", `type=oci,dest=${out}-oci.tar,name=from-file`, folder]);
    await user.succeed(["load", "-q", "-i", `${out}-oci.tar`]);
    await user.succeed(["image", "exists", "localhost/from-file"]);
  });

  it("leaves nothing of a build that is killed, and keeps what was complete", async () => {
    const lines = [`FROM ${base}`, "RUN p=ran-; echo $p''first", "RUN echo it-has-begun; sleep 1000"];
    const folder = context({ Dockerfile: lines });
    const running = user.start([...build, folder]);
    await running.waitFor(/^it-has-begun/m);
    running.signal("SIGKILL");
    await running.end();
    writeFileSync(join(folder, "Dockerfile"), lines.slice(0, 2).join("\n"));
    expect(await ran(folder)).toEqual([]);
    await user.expectNothingLeft();
    const builds = join(user.home, ".run/dhow/builds");
    expect(existsSync(builds) ? readdirSync(builds) : []).toEqual([]);
  });

  it("gives the cache back to the disk when it is pruned", async () => {
    const folder = context({
      Dockerfile: [`FROM ${base}`, "RUN p=ran-; echo $p''again; head -c 1000000 /dev/zero >/z"],
    });
    await user.succeed([...build, folder]);
    expect(await ran(folder)).toEqual([]);
    await user.succeed(["system", "prune", "--force", "--all", "--build"]);
    expect(await ran(folder)).toEqual(["ran-again"]);
  });
});
