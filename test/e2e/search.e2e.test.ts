import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { sendJson, startServer } from "../registry/fake-registry.ts";
import { canBe, type TestUser, testUser } from "./harness.ts";
import { pushImage } from "./registry.ts";

const { registry } = inject("installation");

describe.skipIf(!canBe("range"))("dhow search", () => {
  let user: TestUser;
  beforeAll(async () => {
    user = testUser("range");
    for (const tag of ["1", "2", "latest"]) {
      await pushImage({ host: registry, repository: "search/app", tag }, { layers: [Buffer.alloc(512)] });
    }
    await pushImage({ host: registry, repository: "search/app-extra", tag: "1" }, { layers: [Buffer.alloc(512)] });
  });
  afterAll(() => user?.dispose());

  const search = (...args: string[]) => user.succeed(["search", "--tls-verify=false", ...args]);

  it("looks through the catalogue of a registry that has no search", async () => {
    const lines = (await search(`${registry}/search/app`)).split("\n").map((line) => line.split(/ +/, 2));
    expect(lines).toEqual([
      ["NAME", "DESCRIPTION"],
      [`${registry}/search/app`, ""],
      [`${registry}/search/app-extra`, ""],
    ]);
    expect(await search("--limit", "1", "--format", "{{.Name}}", `${registry}/search/`)).toBe(`${registry}/search/app`);
    expect(await search("--format", "{{.Index}}", `${registry}/app-extra`)).toBe(registry);
    expect(await search(`${registry}/there-is-no-such`)).toBe("");
  });

  it("lists tags", async () => {
    const tags = await search("--list-tags", "--format", "{{.Name}}:{{.Tag}}", `${registry}/search/app`);
    expect(tags.split("\n").toSorted()).toEqual(["1", "2", "latest"].map((tag) => `${registry}/search/app:${tag}`));
    const limited = await search("--list-tags", "--limit", "2", "--format", "json", `${registry}/search/app`);
    expect(JSON.parse(limited)).toEqual([
      { Name: `${registry}/search/app`, Tags: [expect.any(String), expect.any(String)] },
    ]);
    const none = await user.dhow(["search", "--tls-verify=false", "--list-tags", `${registry}/search/none`]);
    expect(none.stderr).toContain("Error: getting repository tags: fetching tags list of");
    const filtered = await user.dhow(["search", "--list-tags", "--filter", "stars=1", `${registry}/search/app`]);
    expect(filtered.stderr).toContain("filters are not applicable to list tags result");
  });

  it("uses a registry's search, with filters, and asks every search registry", async () => {
    const found = [
      {
        name: "web",
        description: "One\nlong \u001b[31mdescription of a web server that goes on and on",
        star_count: 5,
        is_official: true,
      },
      { name: "me/web", description: "mine", star_count: 1, is_automated: true },
    ];
    await using hub = await startServer((request, response) => {
      if (request.url?.startsWith("/v1/search?")) sendJson(response, 200, { results: found });
      else response.writeHead(404).end();
    });
    const query = (...args: string[]) =>
      search("--format", "{{.Name}} {{.Stars}} {{.Official}} {{.Automated}}", ...args);
    expect(await query(`${hub.host}/web`)).toBe(`${hub.host}/web 5 [OK] \n${hub.host}/me/web 1  [OK]`);
    expect(hub.requests.at(-1)?.url).toBe("/v1/search?q=web&n=25");
    expect(await query("--filter", "stars=3", `${hub.host}/web`)).toBe(`${hub.host}/web 5 [OK] `);
    expect(await query("-f", "is-official=false", "-f", "is-automated", `${hub.host}/web`)).toBe(
      `${hub.host}/me/web 1  [OK]`,
    );
    expect(await search("--compatible", `${hub.host}/web`)).toMatch(
      /^NAME +DESCRIPTION +STARS +OFFICIAL +AUTOMATED\n\S+\/web +One long \[31mdescription of a web server.*\.\.\. +5 +\[OK\]/,
    );
    expect(await search("--no-trunc", `${hub.host}/web`)).toContain("goes on and on");
    expect((await user.dhow(["search", "-f", "color=blue", "x"])).stderr).toContain('invalid filter type "color=blue"');
    const conf = `unqualified-search-registries = ["${hub.host}", "127.0.0.1:1"]\n[[registry]]\nlocation = "${hub.host}"\ninsecure = true\n`;
    await user.program(["sh", "-c", `cat > ${user.home}/registries.conf`], { input: conf });
    const env = { CONTAINERS_REGISTRIES_CONF: `${user.home}/registries.conf` };
    expect(await user.succeed(["search", "--format", "{{.Name}}", "web"], { env })).toBe(
      `${hub.host}/web\n${hub.host}/me/web`,
    );
    const failed = await user.dhow(["search", "127.0.0.1:1/x"]);
    expect(failed.stderr).toContain(`Error: couldn't search registry "127.0.0.1:1"`);
  });
});
