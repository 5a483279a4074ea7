import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";

const image = "localhost/dhow-busybox:latest";

describe.skipIf(!canBe("range"))("listings", () => {
  let user: TestUser;
  let imageId = "";
  let ids: string[] = [];
  const stdout = async (...argv: string[]) => {
    const result = await user.dhow(argv);
    expect(result).toMatchObject({ exitCode: 0, stderr: "" });
    return result.stdout;
  };

  beforeAll(async () => {
    user = testUser("range");
    imageId = JSON.parse(await stdout("image", "inspect", image))[0].Id;
    await stdout("tag", image, "raft", "quay.io/fleet/ship:v2");
    const create = ["create", "--network", "none", "--label", "fleet=1"];
    ids = [
      (await stdout("run", "-d", "--network", "none", "--name", "afloat", image, "sleep", "1000")).trim(),
      (await stdout(...create, "--name", "docked", image, "sh", "-c", "echo long command")).trim(),
    ];
  });
  afterAll(() => user?.dispose());

  it("dhow images shows a row for each name", async () => {
    const lines = (await stdout("images")).trimEnd().split("\n");
    expect(lines[0]).toMatch(/^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE$/);
    expect(lines.slice(1).map((line) => line.split(/ {2,}/).slice(0, 3))).toEqual([
      ["localhost/dhow-busybox", "latest", imageId.slice(0, 12)],
      ["localhost/raft", "latest", imageId.slice(0, 12)],
      ["quay.io/fleet/ship", "v2", imageId.slice(0, 12)],
    ]);
    expect(await stdout("images", "-q", "--no-trunc")).toBe(`sha256:${imageId}\n`);
    expect(await stdout("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "nosuch")).toBe("");
    expect(await stdout("images", "--noheading", "--format", "{{.Repository}}:{{.Tag}}", "fleet/ship:v2")).toBe(
      "quay.io/fleet/ship:v2\n",
    );
    expect(JSON.parse(await stdout("images", "--format", "json"))[0]).toMatchObject({ Id: imageId, Containers: 2 });
  });

  it("dhow ps shows what runs, and with -a everything", async () => {
    expect(await stdout("ps", "--format", "{{.Names}} {{.State}} {{.Image}}")).toBe(`afloat running ${image}\n`);
    expect(await stdout("ps", "-aq", "--no-trunc")).toBe(`${ids.join("\n")}\n`);
    const lines = (await stdout("ps", "-a")).trimEnd().split("\n");
    expect(lines[0]).toMatch(/^CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES$/);
    expect(lines[1]).toMatch(/ sleep 1000 .* (?:Up \d+ seconds?|Up About a minute|Up Less than a second) .* afloat$/);
    expect(lines[2]).toMatch(/ sh -c echo long c\.\.\. .* Created .* docked$/);
    expect(await stdout("ps", "--filter", "status=created", "--filter", "label=fleet=1", "-q", "--no-trunc")).toBe(
      `${ids[1]}\n`,
    );
    expect(await stdout("ps", "-l", "--format", "table {{.ID}}\t{{.Names}}")).toBe(
      `CONTAINER ID  NAMES\n${ids[1]?.slice(0, 12)}  docked\n`,
    );
  });

  it("dhow inspect knows containers and images", async () => {
    const format = "{{.State.Status}} {{.Name}} {{.ImageName}} {{.State.Running}}";
    expect(await stdout("inspect", "--format", format, "afloat", "docked")).toBe(
      `running afloat ${image} true\ncreated docked ${image} false\n`,
    );
    expect(await stdout("inspect", "--format", "{{.Id}} {{index .RepoTags 1}}", "raft")).toBe(
      `${imageId} localhost/raft:latest\n`,
    );
    expect(await stdout("inspect", "-l", "--format", '{{index .Config.Labels "fleet"}}{{json .Args}}')).toBe(
      '1["-c","echo long command"]\n',
    );
    expect(await user.dhow(["inspect", "nosuch"])).toEqual({
      exitCode: 125,
      stdout: "[]\n",
      stderr: 'Error: no such object: "nosuch"\n',
    });
  });

  it("dhow images sorts, filters and shows more when it is asked to", async () => {
    const rows = async (...flags: string[]) =>
      (await stdout("images", "--format", "{{.Repository}}:{{.Tag}}", ...flags)).trimEnd().split("\n");
    const all = ["localhost/dhow-busybox:latest", "localhost/raft:latest", "quay.io/fleet/ship:v2"];
    expect(await rows("--sort", "repository")).toEqual(all);
    expect((await rows("--sort", "tag")).at(-1)).toBe(all[2]);
    expect(await rows("--filter", "reference=*raft*")).toEqual([all[1]]);
    expect(await rows("--filter", "reference!=*raft*")).toEqual([""]);
    expect(await rows("--filter", "containers=true", "--filter", "readonly=false", "-f", "dangling!=true")).toEqual(
      all,
    );
    expect(await rows("--filter", "until=2000-01-01")).toEqual([""]);
    const lines = (await stdout("images", "--digests", "--history", "--no-trunc")).split("\n");
    expect(lines[0]).toMatch(/^REPOSITORY +TAG +DIGEST +IMAGE ID +CREATED +SIZE +HISTORY$/);
    expect(lines[1]).toMatch(/ sha256:\w{64} +sha256:\w{64} .* quay\.io\/fleet\/ship:v2, localhost\/raft:latest, /);
    expect(await stdout("images", "--tree", "--noheading", "raft")).toMatch(
      /^localhost\/raft:latest +\w{12} +[\d.]+ MB +[\d.]+ MB +U$/m,
    );
    expect(await user.dhow(["images", "--filter", "colour=red"])).toMatchObject({ exitCode: 125 });
  });

  it("dhow image tree shows layers, dhow image prune removes what nobody can name", async () => {
    const tree = await stdout("image", "tree", "raft");
    expect(tree).toMatch(
      /^Image ID: \w{12}\nTags: +\[.*raft:latest.*\]\nSize: +[\d.]+MB\nImage Layers\n└── +ID: \w{12} Size: /,
    );
    expect(await stdout("image", "tree", "--whatrequires", "raft")).toContain("Top Layer of: [localhost/dhow-busybox");
    const lost = (await stdout("commit", "-q", "docked")).trim();
    const asked = await user.dhow(["image", "prune"], { input: "n\n" });
    expect(asked.stdout).toContain("WARNING! This command removes all dangling images.\n");
    expect(await stdout("images", "-q", "--no-trunc", "--filter", "dangling=true")).toContain(
      lost.replace("sha256:", ""),
    );
    expect(await stdout("image", "prune", "--force", "--filter", "label=nosuch")).toBe("");
    expect(await stdout("image", "prune", "--force")).toBe(`${lost.replace("sha256:", "")}\n`);
    expect(await stdout("images", "-q", "--filter", "dangling=true")).toBe("");
  });

  it("dhow image exists and container exists answer by exit code", async () => {
    const exitCode = async (...argv: string[]) => (await user.dhow(argv)).exitCode;
    expect(await exitCode("image", "exists", "raft")).toBe(0);
    expect(await exitCode("image", "exists", "nosuch")).toBe(1);
    expect(await exitCode("container", "exists", "afloat")).toBe(0);
    expect(await exitCode("container", "exists", "nosuch")).toBe(1);
  });

  it("dhow rmi untags, refuses images in use, and removes them with their containers by force", async () => {
    expect(await stdout("rmi", "raft")).toBe("Untagged: localhost/raft:latest\n");
    expect(await user.dhow(["rmi", "nosuch"])).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: "Error: nosuch: image not known\n",
    });
    await stdout("untag", "quay.io/fleet/ship:v2", "quay.io/fleet/ship:v2");
    expect(await user.dhow(["rmi", image])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("image is in use by a container"),
    });
    await stdout("stop", "-t", "0", "afloat");
    expect(await stdout("rmi", "-f", image)).toBe(`Untagged: ${image}\nDeleted: ${imageId}\n`);
    expect(await stdout("ps", "-aq")).toBe("");
    expect(
      await user.program(["sh", "-c", 'cd "$HOME/.local/share/dhow" && ls layers containers blobs/sha256 tmp']),
    ).toMatchObject({
      stdout: expect.stringMatching(/^(?:\S+:\n\n?){4}$/),
    });
  });
});
