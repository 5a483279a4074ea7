import { execFileSync } from "node:child_process";
import { chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canBe, type TestUser, testUser } from "./harness.ts";

const base = "localhost/dhow-busybox";

describe.skipIf(!canBe("range"))("dhow build: the command", () => {
  let user: TestUser;
  let context: string;
  let server: Server;
  const files = new Map<string, Buffer>();

  /** A file of the user's, below the context. */
  function write(path: string, lines: readonly string[]): string {
    const full = join(context, path);
    mkdirSync(join(full, ".."), { recursive: true });
    writeFileSync(full, `${lines.join("\n")}\n`);
    chownSync(full, user.uid, user.uid);
    return full;
  }

  function tar(...flags: string[]): Buffer {
    return execFileSync("tar", ["-C", context, ...flags, "-cf", "-", "Containerfile", "kept", "left"]);
  }

  beforeAll(async () => {
    user = testUser("range");
    context = join(user.home, "context");
    mkdirSync(context);
    chownSync(context, user.uid, user.uid);
    write("Containerfile", [
      "ARG BASE=scratch",
      `FROM \${BASE} AS tools`,
      "ARG WORD=default",
      `RUN echo "the word is $WORD" > /word`,
      "FROM tools AS app",
      "COPY . /files",
      'CMD ["cat", "/word"]',
      "FROM app AS unused",
      "RUN false",
    ]);
    write(".dockerignore", ["left", "Containerfile"]);
    write("kept", ["kept"]);
    write("left", ["left"]);
    server = createServer(({ url }, response) => response.end(files.get(url ?? "")));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });

  afterAll(async () => {
    server?.close();
    await user?.dispose();
  });

  it("builds from a directory, in podman's lines, and tells where the result is", async () => {
    const [idFile, metadataFile] = [join(user.home, "id"), join(user.home, "metadata")];
    const words = ["--build-arg", `BASE=${base}`, "--build-arg", "WORD", "--target", "app", "--label", "a=b"];
    const output = await user.succeed(
      [
        "build",
        "-t",
        "web:1",
        "-t",
        "reg.example/web",
        ...words,
        "--iidfile",
        idFile,
        "--metadata-file",
        metadataFile,
        context,
      ],
      { env: { WORD: "secretive" } },
    );
    const lines = output.split("\n");
    expect(output).toContain("[1/2] STEP 1/3: FROM $" + "{BASE} AS tools");
    expect(output).toContain("[2/2] STEP 2/4: COPY . /files");
    expect(output).toContain("Successfully tagged localhost/web:1\nSuccessfully tagged reg.example/web:latest");
    expect(output).toContain("COMMIT web:1");
    const id = lines.at(-1);
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(readFileSync(idFile, "utf8")).toBe(`sha256:${id}`);
    expect(JSON.parse(readFileSync(metadataFile, "utf8"))).toMatchObject({
      "containerimage.config.digest": expect.stringMatching(/^sha256:/),
      "image.name": "localhost/web:1,reg.example/web:latest",
    });
    expect(await user.succeed(["run", "--rm", "web:1"])).toBe("the word is secretive");
    expect(await user.succeed(["run", "--rm", "web:1", "ls", "-A", "/files"])).toBe(".dockerignore\nkept");
    expect(await user.succeed(["inspect", "--format", "{{.Config.Labels.a}}", "web:1"])).toBe("b");
  });

  it("says nothing but the id with --quiet, and finds everything again in the cache", async () => {
    const words = ["--build-arg", `BASE=${base}`, "--build-arg", "WORD=secretive", "--target", "app", context];
    const again = await user.succeed(["image", "build", ...words]);
    expect(again).toContain("--> Using cache");
    expect(again).not.toContain("\nthe word");
    const quiet = await user.succeed(["buildx", "build", "--load", "-q", ...words]);
    expect(quiet).toBe(again.split("\n").at(-1));
    expect(await user.succeed(["buildx", "version"])).toBe(
      `buildah ${await user.succeed(["info", "--format", "{{.Host.BuildahVersion}}"])}`,
    );
  });

  it("takes the context from stdin and from the web, compressed or not, and a Dockerfile alone", async () => {
    const words = ["-q", "--build-arg", `BASE=${base}`, "--target", "app"];
    const id = await user.succeed(["build", ...words, "-"], { input: tar() });
    expect(await user.succeed(["build", ...words, "-"], { input: tar("-J") })).toBe(id);
    files.set("/context.tar.gz", tar("-z"));
    files.set("/Dockerfile", Buffer.from(`FROM ${base}\nRUN echo web\n`));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await user.succeed(["builder", "build", ...words, `${origin}/context.tar.gz`])).toBe(id);
    expect(await user.succeed(["build", `${origin}/Dockerfile`])).toContain("STEP 2/2: RUN echo web\nweb\n");
    expect(await user.succeed(["build", "-f", "-", context], { input: `FROM ${base}\nCOPY kept /\n` })).toContain(
      "STEP 2/2: COPY kept /",
    );
  });

  it("shows the lines of a step that fails, and ends with its code", async () => {
    const { exitCode, stdout, stderr } = await user.dhow(["build", "-f", "-", context], {
      input: `FROM ${base}\nUSER nobody\nRUN echo now && \\\n  exit 42\n`,
    });
    expect(exitCode).toBe(42);
    expect(stdout).toContain("\nnow\n");
    expect(stderr).toContain(" 2 |     USER nobody\n 3 | >>> RUN echo now && \\\n 4 | >>>   exit 42\n");
    expect(stderr).toContain(
      'Error: building at STEP "RUN echo now &&   exit 42": while running runtime: exit status 42',
    );
  });

  it.each([
    [["-f", "-", "."], "FROM a\nRUNN b\n", "Error: Dockerfile:2: unknown instruction: RUNN (did you mean RUN?)"],
    [["-f", "-", "--target", "no", "."], "FROM scratch\n", 'the target "no" was not found in the provided Dockerfile'],
    [["/no/such/directory"], "", "Error: no such directory: /no/such/directory"],
    [["--network=none", "--dns=1.1.1.1", "."], "", "the --dns option cannot be used with --network=none"],
    [["--cw=x", "."], "", "--cw is not supported: dhow makes no images for confidential workloads"],
    [["--progress=tty", "-f", "-", "."], "FROM scratch\n", "--progress=tty: stderr is no terminal"],
  ])("refuses %j in one sentence", async (args, input, message) => {
    const { exitCode, stderr } = await user.dhow(["build", ...args], { input, cwd: context });
    expect(stderr).toContain(message);
    expect(exitCode).toBe(125);
  });

  it("checks a file without building it, and lists its targets", async () => {
    const file = write("checked", [
      "FROM scratch AS Base",
      "CMD x",
      "FROM base",
      "# tools for the rest",
      "FROM base as tools",
    ]);
    const { exitCode, stdout } = await user.dhow(["build", "--check", "-f", file, context]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain("Check complete, 3 warnings have been found!");
    expect(stdout).toContain(
      "WARNING: StageNameCasing - https://docs.docker.com/go/dockerfile/rule/stage-name-casing/",
    );
    expect(await user.succeed(["build", "--check", context])).toBe("Check complete, no warnings found.");
    expect(await user.succeed(["build", "--call=targets", "-f", file, context])).toMatch(
      /^TARGET +DESCRIPTION\nbase +\n1 +\ntools \(default\) +for the rest$/,
    );
  });

  it("writes events as JSON, and a log into a file", async () => {
    const log = join(user.home, "log");
    const words = ["-f", "-", context];
    const input = `FROM ${base}\nRUN echo logged\n`;
    const { stderr } = await user.dhow(["build", "--progress=rawjson", "--no-cache", ...words], { input });
    const events = stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string; line?: string });
    expect(events[0]).toMatchObject({ type: "planned" });
    expect(events).toContainEqual(expect.objectContaining({ type: "output", line: "logged" }));
    const id = await user.succeed(["build", "--logfile", log, ...words], { input });
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(readFileSync(log, "utf8")).toContain("STEP 2/2: RUN echo logged\n");
  });

  it("shows a live view on a terminal", async () => {
    const file = write("slow", [`FROM ${base}`, "RUN echo begun; sleep 2"]);
    const terminal = user.terminal(["build", "-t", "live", "-f", file, context], { columns: 70, rows: 20 });
    await terminal.expect(/\[\+\] Building \d/);
    await terminal.expect(/=> => begun/);
    await terminal.expect(/=> \[2\/2\] RUN echo begun; sleep 2/);
    await terminal.expect(/naming to localhost\/live:latest/);
    expect(await terminal.exit()).toBe(0);
  });

  it("leaves nothing behind when it is interrupted", async () => {
    const file = write("endless", [`FROM ${base}`, "RUN echo begun; sleep 1000"]);
    const running = user.start(["build", "-f", file, context]);
    await running.waitFor(/\nbegun/);
    running.signal("SIGINT");
    const { exitCode, stderr } = await running.end();
    expect(stderr).toContain("Error: the build was interrupted");
    expect(exitCode).toBe(130);
    await user.expectNothingLeft();
  });
});
