// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the language under test is full of them
import { describe, expect, it } from "vitest";
import type { StageInstruction } from "../../../src/build/dockerfile/ast.ts";
import { parseDockerfile, parseTrigger } from "../../../src/build/dockerfile/parse.ts";

function parse(...lines: string[]) {
  return parseDockerfile(lines.join("\n"), { fileName: "Dockerfile" });
}

/** The instructions of one stage. */
function inStage(...lines: string[]): readonly StageInstruction[] {
  return parse("FROM scratch", ...lines).stages[0]?.instructions ?? [];
}

function one(...lines: string[]): StageInstruction {
  const found = inStage(...lines);
  expect(found).toHaveLength(1);
  return found[0] as StageInstruction;
}

describe("parseDockerfile: lines", () => {
  it("joins continued lines, leaves out comments among them and knows where all stands", () => {
    const dockerfile = parse(
      "# A file",
      "",
      "FROM debian AS base",
      "RUN apt-get update && \\",
      "    # packages",
      "    apt-get install -y \\  ",
      "      curl",
      "  # The port",
      "  EXPOSE 80",
    );
    expect(dockerfile.stages[0]?.from.range).toEqual({ startLine: 3, endLine: 3 });
    expect(dockerfile.stages[0]?.instructions).toMatchObject([
      {
        keyword: "RUN",
        code: "RUN apt-get update &&     apt-get install -y       curl",
        range: { startLine: 4, endLine: 7 },
      },
      { keyword: "EXPOSE", comments: ["The port"], range: { startLine: 9, endLine: 9 } },
    ]);
    expect(dockerfile.emptyContinuations).toEqual([]);
  });

  it("goes on behind an empty line within a continuation, and remembers it", () => {
    const dockerfile = parse("FROM scratch", "RUN a \\", "", "  b", "CMD c");
    expect(dockerfile.stages[0]?.instructions.map(({ code }) => code)).toEqual(["RUN a   b", "CMD c"]);
    expect(dockerfile.emptyContinuations).toEqual([{ code: "RUN a   b", range: { startLine: 2, endLine: 4 } }]);
  });

  it("takes an escaped escape character at the end as text", () => {
    expect(inStage("RUN a \\\\", "CMD b").map(({ code }) => code)).toEqual(["RUN a \\\\", "CMD b"]);
  });

  it("honours another escape character", () => {
    const dockerfile = parse("# escape=`", "FROM windows", "COPY a `", "  c:\\", "RUN dir c:\\");
    expect(dockerfile.escape).toBe("`");
    expect(dockerfile.stages[0]?.instructions).toMatchObject([
      { keyword: "COPY", sources: ["a"], destination: "c:\\" },
      { command: { form: "shell", text: "dir c:\\" } },
    ]);
  });

  it("reads files with byte order mark and carriage returns, and a continuation that the end cuts off", () => {
    const { stages } = parseDockerfile("\uFEFFFROM scratch\r\nRUN a \\\r\n  b\r\nCMD c \\", { fileName: "Dockerfile" });
    expect(stages[0]?.instructions).toMatchObject([
      { command: { text: "a   b" } },
      { keyword: "CMD", command: { text: "c" } },
    ]);
  });

  it("keeps the comments right above an instruction only", () => {
    const [first, second] = inStage("# far", "", "# near", "# more", "ARG a", "# gone", "#", "ARG b");
    expect(first?.comments).toEqual(["near", "more"]);
    expect(second?.comments).toEqual([]);
  });
});

describe("parseDockerfile: stages", () => {
  it("tells global arguments and stages apart", () => {
    const dockerfile = parse(
      "ARG BASE=debian TAG",
      "FROM --platform=$BUILDPLATFORM ${BASE}:${TAG} as Build",
      "RUN make",
      "FROM scratch",
      "COPY --from=build /out /",
    );
    expect(dockerfile.globalArguments).toMatchObject([
      {
        arguments: [
          { name: "BASE", value: "debian" },
          { name: "TAG", value: undefined },
        ],
      },
    ]);
    expect(dockerfile.stages).toMatchObject([
      {
        index: 0,
        name: "build",
        from: { base: "${BASE}:${TAG}", platform: "$BUILDPLATFORM", as: { written: "as", name: "Build" } },
        instructions: [{ keyword: "RUN" }],
      },
      { index: 1, name: undefined, from: { base: "scratch", as: undefined, platform: undefined } },
    ]);
  });

  it.each([
    [["RUN x"], "Dockerfile:1: no build stage in current context: RUN stands before the first FROM"],
    [["ARG a", "", "COPY a b", "FROM c"], "Dockerfile:3: no build stage in current context"],
    [[""], "Dockerfile:1: file with no instructions"],
    [["# only", "# comments"], "Dockerfile:2: file with no instructions"],
    [["FROM"], "Dockerfile:1: FROM requires either one or three arguments"],
    [["FROM a b"], "Dockerfile:1: FROM requires either one or three arguments"],
    [["FROM a AS"], "Dockerfile:1: FROM requires either one or three arguments"],
    [["FROM a AS b c"], "Dockerfile:1: FROM requires either one or three arguments"],
    [["FROM a AS 1b"], 'Dockerfile:1: invalid name for build stage: "1b"'],
    [["FROM --plattform=x a"], "Dockerfile:1: unknown flag: --plattform (did you mean platform?)"],
    [["FROM a", "", "RUNN x"], "Dockerfile:3: unknown instruction: RUNN (did you mean RUN?)"],
    [["FROM a", "FOOBAR x"], "Dockerfile:2: unknown instruction: FOOBAR"],
    [["FROM a", "constructor x"], "Dockerfile:2: unknown instruction: constructor"],
  ])("refuses %j", (lines, message) => {
    expect(() => parse(...lines)).toThrow(message);
  });
});

describe("parseDockerfile: commands", () => {
  it.each([
    ["RUN echo  hi", { form: "shell", text: "echo  hi", heredocs: [] }],
    ['RUN ["echo", "a b"]', { form: "exec", words: ["echo", "a b"] }],
    ["RUN [ -e /x ]", { form: "shell", text: "[ -e /x ]", heredocs: [] }],
    ["RUN ['echo']", { form: "shell", text: "['echo']", heredocs: [] }],
    ["CMD []", { form: "exec", words: [] }],
    ["cmd", { form: "shell", text: "", heredocs: [] }],
    ['ENTRYPOINT ["a"] b', { form: "shell", text: '["a"] b', heredocs: [] }],
  ])("reads %s", (line, command) => {
    expect(one(line)).toMatchObject({ command });
  });

  it("reads the flags of RUN", () => {
    const line =
      'RUN --mount=type=cache,target=/c --mount="type=tmpfs,target=/t t" --network=none --security=insecure --device=vendor.com/a=b -- --x';
    expect(one(line)).toMatchObject({
      mounts: ["type=cache,target=/c", "type=tmpfs,target=/t t"],
      network: "none",
      security: "insecure",
      devices: ["vendor.com/a=b"],
      command: { text: "--x" },
    });
  });

  it.each([
    [["RUN"], "RUN requires at least one argument"],
    [["RUN []"], "RUN requires at least one argument"],
    [['RUN ["a", 1]'], "when using JSON array syntax, arrays must be comprised of strings only"],
    [['CMD ["a", ["b"]]'], "when using JSON array syntax, arrays must be comprised of strings only"],
    [["RUN --network=bridge x"], 'invalid network mode "bridge"'],
    [["RUN --network x"], "missing a value on flag: --network"],
    [["RUN --network=none --network=host x"], "duplicate flag specified: --network"],
    [["RUN --mout=a x"], "unknown flag: --mout (did you mean mount?)"],
    [["CMD --x y"], "unknown flag: --x"],
    [["SHELL bash -c"], "SHELL requires the arguments to be in JSON form"],
    [["SHELL []"], "SHELL requires at least one argument"],
    [["SHELL"], "SHELL requires at least one argument"],
  ])("refuses %j", (lines, message) => {
    expect(() => inStage(...lines)).toThrow(`Dockerfile:2: ${message}`);
  });
});

describe("parseDockerfile: here-documents", () => {
  it("gives RUN the lines up to the word", () => {
    const [run, next] = inStage("RUN <<EOF", "apt-get update", "  # no comment", "", "a \\", "EOF", "CMD x");
    expect(run).toMatchObject({
      code: "RUN <<EOF",
      range: { startLine: 2, endLine: 7 },
      command: {
        form: "shell",
        text: "<<EOF",
        heredocs: [
          {
            name: "EOF",
            fileDescriptor: 0,
            isExpanded: true,
            stripsTabs: false,
            content: "apt-get update\n  # no comment\n\na \\\n",
          },
        ],
      },
    });
    expect(next).toMatchObject({ keyword: "CMD", range: { startLine: 8, endLine: 8 } });
  });

  it("reads several, quoted ones, ones with a file descriptor and ones with tabs", () => {
    const run = one("RUN python3 - <<'PY' 3<<-\"O'NE\" && cat", "print()", "PY", "\tthree", "\tO'NE");
    expect(run).toMatchObject({
      command: {
        heredocs: [
          { name: "PY", isExpanded: false, content: "print()\n", fileDescriptor: 0 },
          { name: "O'NE", isExpanded: false, stripsTabs: true, content: "\tthree\n", fileDescriptor: 3 },
        ],
      },
    });
  });

  it("makes files for COPY and ADD of them", () => {
    const copy = one("COPY --chmod=600 <<a.txt x <<-'b.txt' /dir/", "$one", "a.txt", "\ttwo", "b.txt");
    expect(copy).toMatchObject({
      sources: ["x"],
      destination: "/dir/",
      chmod: "600",
      inlineFiles: [
        { name: "a.txt", content: "$one\n", isExpanded: true },
        { name: "b.txt", content: "two\n", isExpanded: false },
      ],
    });
    expect(one("ADD <<EOF /x", "EOF")).toMatchObject({ inlineFiles: [{ name: "EOF", content: "" }] });
  });

  it.each([
    ["RUN echo 'a <<EOF'"],
    ["RUN echo $((1<<2)) \\<\\<EOF"],
    ['RUN ["cat", "<<EOF"]'],
    ["RUN cat <<<word"],
    ["CMD cat <<EOF"],
    ["LABEL a=<<EOF"],
  ])("sees none in %s", (line) => {
    expect(inStage(line, "USER x").map(({ keyword }) => keyword)).toHaveLength(2);
  });

  it("refuses one that does not end, and one as a destination", () => {
    expect(() => inStage("RUN <<EOF", "a", " EOF")).toThrow("Dockerfile:2: unterminated heredoc: no line says EOF");
    expect(() => inStage("COPY a <<EOF", "EOF")).toThrow("Dockerfile:2: COPY cannot accept a heredoc as a destination");
  });
});

describe("parseDockerfile: files", () => {
  it("reads the flags of COPY and ADD", () => {
    const [copy, add] = inStage(
      "COPY --from=build --chown=a:b --link --parents=true --exclude=*.o --exclude=tmp src/ a /dst",
      'ADD --checksum=sha256:ab --keep-git-dir --unpack=false --link=false ["a b", "/c"]',
    );
    expect(copy).toMatchObject({
      ...{ from: "build", chown: "a:b", chmod: undefined, link: true, parents: true, excludes: ["*.o", "tmp"] },
      ...{ sources: ["src/", "a"], destination: "/dst" },
    });
    expect(add).toMatchObject({
      ...{ checksum: "sha256:ab", keepGitDir: true, unpack: false, link: false },
      ...{ sources: ["a b"], destination: "/c" },
    });
  });

  it.each([
    ["COPY a", "COPY requires at least two arguments, but only one was provided. Destination could not be determined"],
    ["COPY", "COPY requires at least two arguments, but none were provided"],
    ["ADD --from=x a b", "unknown flag: --from"],
    ["COPY --link=maybe a b", "expecting boolean value for flag --link, not: maybe"],
    ["COPY --link= a b", "missing a value on flag: --link"],
    ["VOLUME", "VOLUME requires at least one argument"],
    ['VOLUME ["", "a"]', "VOLUME specified can not be an empty string"],
  ])("refuses %s", (line, message) => {
    expect(() => inStage(line)).toThrow(`Dockerfile:2: ${message}`);
  });
});

describe("parseDockerfile: settings", () => {
  it.each([
    [
      "ENV a=1 b='two words' c=\"x y\" d=e\\ f",
      [
        ["a", "1"],
        ["b", "'two words'"],
        ["c", '"x y"'],
        ["d", "e\\ f"],
      ],
    ],
    [
      'LABEL "com.x"=y z=',
      [
        ['"com.x"', "y"],
        ["z", ""],
      ],
    ],
    ["ENV a=b=c", [["a", "b=c"]]],
  ])("reads %s", (line, pairs) => {
    expect(one(line)).toMatchObject({ pairs: pairs.map(([key, value]) => ({ key, value, isLegacy: false })) });
  });

  it("reads the old form of ENV", () => {
    expect(one("ENV PATH  /a b = c")).toMatchObject({ pairs: [{ key: "PATH", value: "/a b = c", isLegacy: true }] });
  });

  it("reads ARG, EXPOSE, VOLUME, USER, WORKDIR, STOPSIGNAL, SHELL and MAINTAINER", () => {
    expect(
      inStage(
        'ARG a b= c="d e"',
        "EXPOSE 80 $PORT/udp",
        'VOLUME ["/a b"]',
        "VOLUME /a /b",
        "USER me:us",
        "WORKDIR /with space",
        "STOPSIGNAL SIGINT",
        'SHELL ["/bin/bash", "-c"]',
        "MAINTAINER Some One <a@b.c>",
      ),
    ).toMatchObject([
      {
        arguments: [
          { name: "a", value: undefined },
          { name: "b", value: "" },
          { name: "c", value: '"d e"' },
        ],
      },
      { ports: ["80", "$PORT/udp"] },
      { paths: ["/a b"] },
      { paths: ["/a", "/b"] },
      { user: "me:us" },
      { path: "/with space" },
      { signal: "SIGINT" },
      { words: ["/bin/bash", "-c"] },
      { maintainer: "Some One <a@b.c>" },
    ]);
  });

  it("reads HEALTHCHECK", () => {
    const [check, exec, none] = inStage(
      "HEALTHCHECK --interval=1m30s --timeout=3s --start-period=0 --start-interval=500ms --retries=4 CMD curl -f x",
      'HEALTHCHECK CMD ["true"]',
      "HEALTHCHECK none",
    );
    expect(check).toMatchObject({
      check: {
        ...{ command: { form: "shell", text: "curl -f x" }, retries: 4 },
        ...{ intervalMs: 90_000, timeoutMs: 3000, startPeriodMs: undefined, startIntervalMs: 500 },
      },
    });
    expect(exec).toMatchObject({ check: { command: { form: "exec", words: ["true"] }, retries: undefined } });
    expect(none).toMatchObject({ check: undefined });
  });

  it.each([
    ["ENV", "ENV requires at least one argument"],
    ["ENV a", "ENV must have two arguments"],
    ["ENV a=1 b", 'Syntax error - can\'t find = in "b". Must be of the form: name=value'],
    ["LABEL =x", "LABEL names can not be blank"],
    ["ARG =x", "ARG names can not be blank"],
    ["ARG", "ARG requires at least one argument"],
    ["USER", "USER requires exactly one argument"],
    ["EXPOSE", "EXPOSE requires at least one argument"],
    ["HEALTHCHECK", "HEALTHCHECK requires at least one argument"],
    ["HEALTHCHECK NONE x", "HEALTHCHECK NONE takes no arguments"],
    ["HEALTHCHECK CMD", "Missing command after HEALTHCHECK CMD"],
    ["HEALTHCHECK curl x", 'Unknown type "curl" in HEALTHCHECK (try CMD)'],
    ["HEALTHCHECK --interval=1 CMD x", 'invalid duration "1" for --interval'],
    ["HEALTHCHECK --interval=1us CMD x", 'Interval "interval" cannot be less than 1ms'],
    ["HEALTHCHECK --retries=-1 CMD x", "--retries cannot be negative (-1)"],
    ["HEALTHCHECK --retries=x CMD x", 'invalid number "x" for --retries'],
  ])("refuses %s", (line, message) => {
    expect(() => inStage(line)).toThrow(`Dockerfile:2: ${message}`);
  });
});

describe("parseDockerfile: triggers", () => {
  it("keeps what ONBUILD says, and reads it", () => {
    expect(one("onbuild  RUN --network=none make \\", " all")).toMatchObject({
      trigger: "RUN --network=none make  all",
      instruction: { keyword: "RUN", network: "none", command: { text: "make  all" } },
    });
  });

  it("keeps here-documents in the trigger, which is read again later", () => {
    const instruction = one("ONBUILD COPY <<EOF /x", "one", "EOF");
    expect(instruction).toMatchObject({ trigger: "COPY <<EOF /x\none\nEOF", instruction: { keyword: "COPY" } });
    const trigger = instruction.keyword === "ONBUILD" ? instruction.trigger : "";
    expect(parseTrigger(trigger, "base")).toMatchObject({ inlineFiles: [{ name: "EOF", content: "one\n" }] });
  });

  it.each([
    ["ONBUILD", "ONBUILD requires at least one argument"],
    ["ONBUILD ONBUILD RUN x", "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"],
    ["ONBUILD FROM x", "FROM isn't allowed as an ONBUILD trigger"],
    ["ONBUILD maintainer x", "MAINTAINER isn't allowed as an ONBUILD trigger"],
    ["ONBUILD RUNN x", "unknown instruction: RUNN (did you mean RUN?)"],
  ])("refuses %s", (line, message) => {
    expect(() => inStage(line)).toThrow(`Dockerfile:2: ${message}`);
  });

  it("refuses triggers of images that are none", () => {
    expect(() => parseTrigger("FROM x", "base")).toThrow("ONBUILD of base:1: FROM isn't allowed as an ONBUILD trigger");
    expect(() => parseTrigger("RUN a\nRUN b", "base")).toThrow("a trigger must be one instruction");
  });
});
