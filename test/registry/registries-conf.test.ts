import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isKind } from "../../src/errors.ts";
import { formatReference, parseReference } from "../../src/oci/reference.ts";
import { findPullSources, isInsecureRegistry, resolveName } from "../../src/registry/pull-sources.ts";
import { loadRegistriesConfig } from "../../src/registry/registries-conf.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dhow-registries-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function write(path: string, text: string): string {
  const full = join(folder, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
  return full;
}

function load(text: string, dropIns: Record<string, string> = {}) {
  for (const [name, content] of Object.entries(dropIns)) write(`conf.d/${name}`, content);
  return loadRegistriesConfig({ files: [write("registries.conf", text)], folders: [join(folder, "conf.d")] });
}

const digest = `sha256:${"ab".repeat(32)}`;
const names = (text: string, conf: string) => resolveName(load(conf), text).candidates.map(formatReference);
const places = (text: string, conf: string) =>
  findPullSources(load(conf), parseReference(text)).map(
    ({ reference, insecure, isMirror }) =>
      `${formatReference(reference)}${insecure ? " insecure" : ""}${isMirror ? " mirror" : ""}`,
  );

describe("resolveName()", () => {
  it("means docker.io by a short name when nothing is configured", () => {
    const config = loadRegistriesConfig({ files: [join(folder, "none")], folders: [join(folder, "none.d")] });
    expect(resolveName(config, "alpine:3")).toEqual({
      candidates: [parseReference("docker.io/library/alpine:3")],
      description: undefined,
    });
    expect(resolveName(config, "grafana/grafana").candidates.map(formatReference)).toEqual([
      "docker.io/grafana/grafana",
    ]);
  });

  it("tries the search registries in their order, and says so", () => {
    const conf = 'unqualified-search-registries = ["quay.io", "docker.io", "localhost:5000"]';
    expect(names("alpine:3", conf)).toEqual([
      "quay.io/alpine:3",
      "docker.io/library/alpine:3",
      "localhost:5000/alpine:3",
    ]);
    expect(resolveName(load(conf), "alpine").description).toBe(
      `Resolving "alpine" using unqualified-search registries (${folder}/registries.conf)`,
    );
    expect(names("quay.io/x", conf)).toEqual(["quay.io/x"]);
  });

  it("knows aliases, whose tag or digest is the user's", () => {
    const conf =
      'unqualified-search-registries = ["quay.io"]\n[aliases]\nfedora = "registry.fedoraproject.org/fedora"\n"a/b" = "x.example/y"';
    expect(names("fedora:40", conf)).toEqual(["registry.fedoraproject.org/fedora:40"]);
    expect(names(`a/b@${digest}`, conf)).toEqual([`x.example/y@${digest}`]);
    expect(names("other", conf)).toEqual(["quay.io/other"]);
    expect(resolveName(load(conf), "fedora").description).toBe(
      `Resolved "fedora" as an alias (${folder}/registries.conf)`,
    );
  });

  it("asks for the full name when a choice is enforced", () => {
    const conf = 'unqualified-search-registries = ["a.example", "b.example"]\nshort-name-mode = "enforcing"';
    let thrown: unknown;
    try {
      resolveName(load(conf), "x");
    } catch (error) {
      thrown = error;
    }
    expect(isKind(thrown, "conflict")).toBe(true);
    expect((thrown as { hint: string }).hint).toBe("write the full name: a.example/x or b.example/x");
    expect(names("x", 'unqualified-search-registries = ["a.example"]\nshort-name-mode = "enforcing"')).toEqual([
      "a.example/x",
    ]);
  });
});

describe("findPullSources()", () => {
  it("rewrites by the longest prefix", () => {
    const conf = `
[[registry]]
location = "r.example"
insecure = true
[[registry]]
prefix = "r.example/team"
location = "cache.example/mirror/team"
[[registry]]
prefix = "r.example/team/app"
location = "third.example/app"
`;
    expect(places("r.example/x:1", conf)).toEqual(["r.example/x:1 insecure"]);
    expect(places("r.example/team/lib:1", conf)).toEqual(["cache.example/mirror/team/lib:1"]);
    expect(places("r.example/team/app:1", conf)).toEqual(["third.example/app:1"]);
    expect(places("r.example/teams/x:1", conf)).toEqual(["r.example/teams/x:1 insecure"]);
    expect(places("r.example.org/x:1", conf)).toEqual(["r.example.org/x:1"]);
  });

  it("matches subdomains by a wildcard", () => {
    const conf =
      '[[registry]]\nprefix = "*.example.com"\ninsecure = true\n[[registry]]\nprefix = "*.eu.example.com"\nlocation = "eu.cache.example"';
    expect(places("a.example.com:5000/x:1", conf)).toEqual(["a.example.com:5000/x:1 insecure"]);
    expect(places("a.eu.example.com/x:1", conf)).toEqual(["eu.cache.example/x:1"]);
    expect(places("example.com/x:1", conf)).toEqual(["example.com/x:1"]);
    expect(places("badexample.com/x:1", conf)).toEqual(["badexample.com/x:1"]);
  });

  it("asks mirrors first, by their restrictions", () => {
    const conf = `
[[registry]]
location = "docker.io"
[[registry.mirror]]
location = "localhost:5000/hub"
insecure = true
[[registry.mirror]]
location = "digests.example"
pull-from-mirror = "digest-only"
[[registry.mirror]]
location = "tags.example"
pull-from-mirror = "tag-only"
`;
    expect(places("alpine:3", conf)).toEqual([
      "localhost:5000/hub/library/alpine:3 insecure mirror",
      "tags.example/library/alpine:3 mirror",
      "docker.io/library/alpine:3",
    ]);
    expect(places(`alpine@${digest}`, conf)).toEqual([
      `localhost:5000/hub/library/alpine@${digest} insecure mirror`,
      `digests.example/library/alpine@${digest} mirror`,
      `docker.io/library/alpine@${digest}`,
    ]);
    const digestOnly =
      '[[registry]]\nlocation = "r.example"\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = "m.example"';
    expect(places("r.example/x:1", digestOnly)).toEqual(["r.example/x:1"]);
    expect(places(`r.example/x@${digest}`, digestOnly)).toHaveLength(2);
  });

  it("refuses blocked registries, naming the file", () => {
    const conf = '[[registry]]\nlocation = "bad.example"\nblocked = true';
    expect(() => places("bad.example/x:1", conf)).toThrow(
      `registry bad.example is blocked in ${folder}/registries.conf`,
    );
  });

  it("isInsecureRegistry() tells for a registry itself", () => {
    const config = load('[[registry]]\nlocation = "localhost:5000"\ninsecure = true');
    expect(isInsecureRegistry(config, "localhost:5000")).toBe(true);
    expect(isInsecureRegistry(config, "localhost:5001")).toBe(false);
  });
});

describe("loadRegistriesConfig()", () => {
  it("lets later files win: lists are replaced, registries by prefix, aliases one by one", () => {
    const config = load(
      'unqualified-search-registries = ["a.example"]\n[[registry]]\nlocation = "r.example"\nblocked = true\n[aliases]\nx = "a.example/x"\ny = "a.example/y"',
      {
        "10.conf": 'unqualified-search-registries = ["b.example"]\n[aliases]\nx = "b.example/x"\ny = ""',
        "20.conf": '[[registry]]\nlocation = "r.example"\ninsecure = true',
        "30.txt": "this is not read",
      },
    );
    expect(config.search.registries).toEqual(["b.example"]);
    expect(config.aliases.get("x")?.name).toBe("b.example/x");
    expect(config.aliases.has("y")).toBe(false);
    expect(config.registries).toMatchObject([{ prefix: "r.example", blocked: false, insecure: true }]);
  });

  it("finds the user's files by the environment", () => {
    vi.stubEnv("HOME", folder);
    vi.stubEnv("XDG_CONFIG_HOME", "");
    vi.stubEnv("CONTAINERS_REGISTRIES_CONF", "");
    write(".config/containers/registries.conf", 'unqualified-search-registries = ["own.example"]');
    write(".config/containers/registries.conf.d/x.conf", '[aliases]\nown = "own.example/x"');
    write(".cache/containers/short-name-aliases.conf", '[aliases]\nremembered = "own.example/y"');
    const config = loadRegistriesConfig();
    expect(config.search.registries).toEqual(["own.example"]);
    expect([config.aliases.get("own")?.name, config.aliases.get("remembered")?.name]).toEqual([
      "own.example/x",
      "own.example/y",
    ]);
    vi.stubEnv("CONTAINERS_REGISTRIES_CONF", write("named.conf", 'unqualified-search-registries = ["named.example"]'));
    expect(loadRegistriesConfig().search.registries).toEqual(["named.example"]);
  });

  it.each([
    ["= x", /not valid TOML at line 1/],
    ["[registries.search]\nregistries = []", /old format, version 1/],
    ["unqualified-search-registries = 'x'", /not a list of names/],
    ["short-name-mode = 'maybe'", /short-name-mode is "maybe"/],
    ["registry = 5", /write \[\[registry\]\]/],
    ["[[registry]]\ninsecure = true", /neither prefix nor location/],
    ["[[registry]]\nprefix = 'r.example'", /has no location/],
    ["[[registry]]\nlocation = 'https://r.example'", /URI schemes are not supported/],
    ["[[registry]]\nlocation = 'r'\ninsecure = 'yes'", /insecure is neither true nor false/],
    ["[[registry]]\nprefix = 'a.*.com'\nlocation = 'x'", /wildcard prefix/],
    ["[[registry]]\nlocation = 'r'\n[[registry.mirror]]\ninsecure = true", /a mirror has no location/],
    [
      "[[registry]]\nlocation = 'r'\n[[registry.mirror]]\nlocation = 'm'\npull-from-mirror = 'x'",
      /pull-from-mirror is "x"/,
    ],
    ["[aliases]\na = 1", /the alias "a" is not text/],
  ])("names the file of a mistake: %j", (text, message) => {
    expect(() => load(text)).toThrow(message);
    expect(() => load(text)).toThrow(`${folder}/registries.conf`);
  });
});
