import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readCaching } from "../../../src/build/flags/caching.ts";
import type { StepFlags } from "../../../src/build/flags/flags.ts";
import { readMetadata } from "../../../src/build/flags/metadata.ts";
import { openRequest } from "../../../src/build/flags/request.ts";
import { readResult } from "../../../src/build/flags/result.ts";
import { readSecrets, readSshSources } from "../../../src/build/flags/secrets.ts";
import { readSteps } from "../../../src/build/flags/steps.ts";
import { readVariables } from "../../../src/build/flags/variables.ts";
import { parseFlags } from "../../../src/cli/flags.ts";
import { refusedBuildOptions } from "../../../src/cli/options/build/unsupported.ts";
import { buildOptions } from "../../../src/cli/options/build.ts";
import type { Engine } from "../../../src/engine.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "dhow-flags-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function parse(...argv: string[]) {
  const parsed = parseFlags({ options: buildOptions }, argv);
  return { flags: parsed.options as unknown as StepFlags, changed: (name: string) => parsed.changed.has(name) };
}

function result(...argv: string[]) {
  const { flags, changed } = parse(...argv);
  return readResult(flags, changed, undefined);
}

function open(...argv: string[]) {
  const engine = { paths: { data: join(root, "data") } } as Engine;
  const line = { ...parse(...argv), refused: refusedBuildOptions, source: root, signal: new AbortController().signal };
  return openRequest(engine, line);
}

describe("readResult()", () => {
  it.each([
    ["-", { type: "tar", destination: "-" }],
    ["out", { type: "local", destination: "out", splitsPlatforms: true }],
    ["type=local,dest=out,platform-split=false", { type: "local", destination: "out", splitsPlatforms: false }],
    ["type=tar,dest=a.tar", { type: "tar", destination: "a.tar" }],
    ["type=oci,dest=a.tar,name=b", { type: "oci", destination: "a.tar", tar: true, name: "b" }],
    ["type=oci,dest=a,tar=false", { type: "oci", destination: "a", tar: false, name: "web" }],
    ["type=docker", { type: "image", names: ["web"], push: false }],
    ['type=image,"name=a,b",push=true', { type: "image", names: ["a", "b"], push: true }],
    ["type=registry", { type: "image", names: ["web"], push: true }],
  ])("reads --output %s", (text, expected) => {
    expect(result("-t", "web", "--output", text).outputs).toEqual([expected]);
  });

  it.each([
    [["--output", "type=local"], "--output: dest is missing"],
    [["--output", "type=zip,dest=a"], 'invalid type "zip" in --output'],
    [["--output", "type=image,compression=zstd"], "--output: dhow does not know compression"],
    [["--output", "type=image,color=red"], '--output: unknown key "color"'],
    [["--push"], "--push: the image has no name"],
    [["--push", "-t", "a", "-o", "b"], "--push cannot be used with --output"],
    [["--squash", "--squash-all"], "cannot specify --squash-all with --squash"],
    [["--sbom=syft"], "--sbom=syft: dhow starts no scanner"],
    [["--provenance=mode=all"], 'invalid mode "all" of the provenance'],
    [["--attest", "type=vex"], 'invalid type "vex" in --attest'],
  ])("refuses %j", (argv, message) => {
    expect(() => result(...argv)).toThrow(message);
  });

  it("reads names, layers and attestations", () => {
    expect(result("-t", "a", "--tag", "b,c")).toMatchObject({ tags: ["a", "b", "c"], layers: "each", sbom: false });
    expect(result("--squash").layers).toBe("one");
    expect(result("--squash-all").layers).toBe("all");
    expect(result("--layers=false").layers).toBe("one");
    const { flags, changed } = parse();
    expect(readResult(flags, changed, "false").layers).toBe("one");
    const given = parse("--layers");
    expect(readResult(given.flags, given.changed, "false").layers).toBe("each");
    expect(result("--sbom", "--provenance")).toMatchObject({ sbom: true, provenance: "min" });
    expect(result("--provenance=mode=max", "--attest", "type=sbom")).toMatchObject({ sbom: true, provenance: "max" });
    expect(result("--sbom", "--attest", "type=sbom,disabled=true", "--provenance=false")).toMatchObject({
      ...{ sbom: false, provenance: undefined },
    });
    expect(result("--push", "-t", "a").outputs).toEqual([{ type: "image", names: ["a"], push: true }]);
  });
});

describe("readCaching()", () => {
  it("reads sources and targets", () => {
    const { flags } = parse(
      ...["--cache-from", "reg/a", "--cache-from", "type=registry,ref=reg/b", "--cache-from", "type=local,src=dir"],
      ...["--cache-to", "reg/c", "--cache-to", "type=local,dest=dir,mode=max", "--cache-to", "type=inline"],
      ...["--cache-ttl", "1h", "--no-cache-filter", "One,two"],
    );
    expect(readCaching(flags)).toEqual({
      isOff: false,
      staysOffFor: ["one", "two"],
      from: [
        { type: "registry", repository: "reg/a" },
        { type: "registry", repository: "reg/b" },
        { type: "local", directory: "dir" },
      ],
      to: [
        { type: "registry", repository: "reg/c", mode: "max" },
        { type: "local", directory: "dir", mode: "max" },
        { type: "inline" },
      ],
      maxAgeSeconds: 3600,
    });
  });

  it.each([
    [["--cache-from", "type=gha"], "--cache-from: dhow has no cache of type gha"],
    [["--cache-from", "type=foo"], 'invalid type "foo" in --cache-from'],
    [["--cache-to", "type=local"], "--cache-to: dest is missing"],
    [["--cache-to", "type=registry,ref=a,mode=most"], 'invalid mode "most" in --cache-to'],
    [["--cache-ttl", "soon"], 'invalid duration "soon" for --cache-ttl'],
  ])("refuses %j", (argv, message) => {
    expect(() => readCaching(parse(...argv).flags)).toThrow(message);
  });
});

describe("readMetadata()", () => {
  it("reads labels, annotations and times", () => {
    const { flags } = parse(
      "--label",
      "a=b=c",
      "--label",
      "d",
      "--annotation",
      "manifest:x=y",
      "--annotation",
      "e=f:g",
    );
    expect(readMetadata(flags, { SOURCE_DATE_EPOCH: "5" })).toMatchObject({
      ...{ labels: { a: "b=c", d: "" }, annotations: { x: "y", e: "f:g" }, format: "oci", inheritsLabels: true },
      ...{ sourceDateEpoch: 5, timestamp: undefined },
    });
    expect(readMetadata(parse("--timestamp", "0", "--format", "docker").flags, {})).toMatchObject({
      ...{ timestamp: 0, format: "docker" },
    });
  });

  it.each([
    [["--label", "=x"], '--label: "=x" has no name'],
    [["--annotation", "index:a=b"], "--annotation: dhow cannot annotate index"],
    [["--timestamp", "1", "--source-date-epoch", "2"], "can not be used together"],
    [["--timestamp", "-1"], "--timestamp cannot lie before 1970"],
    [["--format", "zip"], 'unrecognized image format "zip"'],
  ])("refuses %j", (argv, message) => {
    expect(() => readMetadata(parse(...argv).flags, {})).toThrow(message);
  });
});

describe("readVariables()", () => {
  it("takes arguments from files, the command line and the environment, later ones first", () => {
    const file = join(root, "args");
    writeFileSync(file, "# comment\nA=file\nB=file\n\nPATH\n");
    const { flags } = parse(
      "--build-arg-file",
      file,
      "--build-arg",
      "B=line",
      "--build-arg",
      "NO_SUCH_VARIABLE",
      "--env",
      "E=1",
    );
    const variables = readVariables(flags);
    expect(variables.args).toEqual({ A: "file", B: "line", PATH: expect.stringContaining("/") });
    expect(variables.env).toEqual(["E=1"]);
  });

  it("says which file is missing", () => {
    expect(() => readVariables(parse("--build-arg-file", join(root, "none")).flags)).toThrow(
      `cannot read the file of build arguments ${join(root, "none")}`,
    );
  });
});

describe("readSecrets() and readSshSources()", () => {
  it("reads files and variables", () => {
    const path = join(root, "key");
    writeFileSync(path, "x");
    const secrets = readSecrets([`id=a,src=${path}`, "id=b,env=PATH", "type=env,id=c,src=NO_SUCH_VARIABLE", "id=PATH"]);
    expect([...secrets]).toEqual([
      ["a", { type: "file", path }],
      ["b", { type: "env", variable: "PATH", value: expect.any(String) }],
      ["c", { type: "env", variable: "NO_SUCH_VARIABLE", value: undefined }],
      ["PATH", { type: "env", variable: "PATH", value: expect.any(String) }],
    ]);
    expect([...readSshSources([`default=${path}`])]).toEqual([["default", { type: "keys", paths: [path] }]]);
  });

  it("takes a socket for an agent", async () => {
    const socket = join(root, "agent");
    const server = createServer().listen(socket);
    await new Promise((resolve) => server.once("listening", resolve));
    expect([...readSshSources([`a=${socket}`])]).toEqual([["a", { type: "agent", socket }]]);
    expect(() => readSshSources([`a=${socket},${socket}`])).toThrow("--ssh a: only single socket allowed");
    server.close();
  });

  it("says what is wrong", () => {
    expect(() => readSecrets(["src=/x"])).toThrow("--secret: id is missing");
    expect(() => readSecrets(["id=x,src=/no/such"])).toThrow("could not parse secrets: no such file: /no/such");
    expect(() => readSecrets(["id=x,sorce=/a"])).toThrow('--secret: unknown key "sorce"');
    expect(() => readSshSources(["a=/no/such"])).toThrow("--ssh a: no such file: /no/such");
  });
});

describe("readSteps()", () => {
  function steps(...argv: string[]) {
    const { flags, changed } = parse(...argv);
    return readSteps(flags, changed);
  }

  it("passes on what was given for containers, and only that", () => {
    expect(
      steps("--memory", "1g", "--cap-add", "SYS_ADMIN", "--net", "host", "--userns-uid-map", "0:1:2"),
    ).toMatchObject({
      ...{ isolation: "oci", jobs: 0, skipsUnusedStages: true },
      run: { memory: "1g", "cap-add": ["SYS_ADMIN"], network: ["host"], uidmap: ["0:1:2"] },
    });
    expect(steps("--network", "default").run).toEqual({});
    expect(steps("--isolation", "chroot", "--allow", "network.host,device")).toMatchObject({
      ...{ isolation: "chroot", allows: new Set(["network.host", "device"]) },
    });
  });

  it.each([
    [["--network=none", "--dns", "1.1.1.1"], "the --dns option cannot be used with --network=none"],
    [["--isolation=chroot", "--network=none"], "cannot set --network other than host with --isolation chroot"],
    [["--isolation=vm"], 'unrecognized isolation type "vm"'],
    [["--allow=all"], 'unknown entitlement "all" in --allow'],
    [["--jobs=-1"], "--jobs cannot be negative"],
  ])("refuses %j", (argv, message) => {
    expect(() => steps(...argv)).toThrow(message);
  });
});

describe("openRequest()", () => {
  beforeEach(() => writeFileSync(join(root, "Dockerfile"), "FROM scratch\n"));

  it("reads platforms, policies and contexts", async () => {
    using opened = await open(
      ...["--platform", "linux/amd64,linux/arm64", "--platform", "linux/arm64", "--target", "x", "--from", "y"],
      ...[
        "--build-context",
        `Files=${root}`,
        "--build-context",
        "img=docker-image://alpine:3",
        "--build-context",
        "l=oci-layout://dir",
      ],
    );
    const { request } = opened;
    expect(request.platforms).toEqual([
      { os: "linux", architecture: "amd64" },
      { os: "linux", architecture: "arm64" },
    ]);
    expect(request).toMatchObject({
      target: "x",
      base: { first: "y", pullPolicy: "missing" },
      dockerfile: { text: "FROM scratch\n" },
    });
    expect([...request.namedContexts]).toEqual([
      ["files", { kind: "directory", tree: expect.objectContaining({ directory: root }) }],
      ["img", { kind: "image", name: "alpine:3" }],
      ["l", { kind: "image", name: "oci:dir" }],
    ]);
  });

  it.each([
    [["--pull"], "always"],
    [["--pull=false"], "missing"],
    [["--pull=true"], "always"],
    [["--pull=newer"], "newer"],
    [["--pull-never"], "never"],
    [["--pull-always"], "always"],
  ])("reads %j", async (argv, pullPolicy) => {
    using opened = await open(...argv);
    expect(opened.request.base.pullPolicy).toBe(pullPolicy);
  });

  it.each([
    [["--pull", "--pull-never"], "can only set one of 'pull' or 'pull-always' or 'pull-never'"],
    [["--platform", "linux/amd64", "--arch", "arm64"], "--platform option can not be specified with --arch or --os"],
    [["--builder", "x"], "--builder is not supported: there is one builder"],
    [["--cw", "x"], "--cw is not supported"],
    [["--authfile", "/no/such"], "credential file is not accessible: /no/such: no such file or directory"],
    [["--build-context", "x"], 'invalid --build-context "x"'],
    [["--build-context", "x=target:y"], "target: is for files of docker buildx bake"],
    [["-f", "Other"], "Other: no such file or directory"],
  ])("refuses %j", async (argv, message) => {
    await expect(open(...argv)).rejects.toThrow(message);
  });
});
