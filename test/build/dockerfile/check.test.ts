// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the language under test is full of them
import { describe, expect, it } from "vitest";
import { parseIgnoreFile } from "../../../src/build/context/ignore.ts";
import { type CheckOptions, checkDockerfile } from "../../../src/build/dockerfile/check/check.ts";
import { urlOf } from "../../../src/build/dockerfile/check/rules.ts";
import { parseDockerfile } from "../../../src/build/dockerfile/parse.ts";

function check(lines: readonly string[], options: Partial<CheckOptions> = {}) {
  const dockerfile = parseDockerfile(lines.join("\n"), { fileName: "Dockerfile" });
  return checkDockerfile(dockerfile, { buildArguments: {}, isIgnored: undefined, ...options });
}

/** `LINE RULE: MESSAGE` */
function warnings(lines: readonly string[], options: Partial<CheckOptions> = {}): string[] {
  return check(lines, options).warnings.map(({ rule, message, range }) => `${range.startLine} ${rule}: ${message}`);
}

describe("checkDockerfile()", () => {
  it("finds nothing in a good file", () => {
    const lines = [
      "ARG BASE=debian",
      "FROM --platform=$BUILDPLATFORM ${BASE}:12 AS build",
      "ARG TARGETARCH",
      "ENV NAME=web PUBLIC_KEY=x",
      "WORKDIR /srv/$NAME",
      "WORKDIR sub",
      "RUN make $UNKNOWN && \\",
      "  make install",
      "FROM scratch",
      "COPY --from=build /out /",
      'HEALTHCHECK CMD ["/web", "--health"]',
      "EXPOSE 80/tcp",
      'CMD ["/web"]',
    ];
    expect(warnings(lines)).toEqual([]);
  });

  it.each<[string[], string]>([
    [["FROM a AS Web"], "1 StageNameCasing: Stage name 'Web' should be lowercase"],
    [["FROM a as web"], "1 FromAsCasing: 'as' and 'FROM' keywords' casing do not match"],
    [["from a AS web"], "1 FromAsCasing: 'AS' and 'from' keywords' casing do not match"],
    [
      ["FROM a AS b", "FROM a AS B2", "FROM a AS b"],
      '3 DuplicateStageName: Duplicate stage name "b", stage names should be unique',
    ],
    [["FROM a AS context"], '1 ReservedStageName: Stage name should not use the same name as reserved stage "context"'],
    [
      ["FROM a", "run x", "RUN y"],
      "2 ConsistentInstructionCasing: Command 'run' should match the case of the command majority (uppercase)",
    ],
    [
      ["from a", "run x", "RUN y"],
      "3 ConsistentInstructionCasing: Command 'RUN' should match the case of the command majority (lowercase)",
    ],
    [
      ["FROM a", "Run x"],
      "2 ConsistentInstructionCasing: Command 'Run' should match the case of the command majority (uppercase)",
    ],
    [["FROM a", "RUN x \\", "", "  y"], "2 NoEmptyContinuation: Empty continuation line"],
    [
      ["FROM a", "MAINTAINER me"],
      "2 MaintainerDeprecated: Maintainer instruction is deprecated in favor of using label",
    ],
    [
      ["FROM a", "CMD x"],
      "2 JSONArgsRecommended: JSON arguments recommended for CMD to prevent unintended behavior related to OS signals",
    ],
    [
      ["FROM a", "ENV x y"],
      '2 LegacyKeyValueFormat: "ENV key=value" should be used instead of legacy "ENV key value" format',
    ],
    [
      ["FROM a", "LABEL x y"],
      '2 LegacyKeyValueFormat: "LABEL key=value" should be used instead of legacy "LABEL key value" format',
    ],
    [
      ["FROM a", 'CMD ["x"]', 'CMD ["y"]'],
      "2 MultipleInstructionsDisallowed: Multiple CMD instructions should not be used in the same stage because only the last one will be used",
    ],
    [
      ["FROM a", "ENV API_KEY=x"],
      '2 SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ENV "API_KEY")',
    ],
    [
      ["FROM a", "ARG token"],
      '2 SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ARG "token")',
    ],
    [
      ["FROM a", "WORKDIR x", "WORKDIR y"],
      '2 WorkdirRelativePath: Relative workdir "x" can have unexpected results if the base image changes',
    ],
    [
      ["FROM a", "EXPOSE 80/TCP"],
      "2 ExposeProtoCasing: Defined protocol '80/TCP' in EXPOSE instruction should be lowercase",
    ],
    [
      ["FROM a", "EXPOSE 127.0.0.1:80:80"],
      "2 ExposeInvalidFormat: EXPOSE instruction should not define an IP address or host-port mapping, found '127.0.0.1:80:80'",
    ],
    [
      ["ARG VERSION=1", "FROM a:$VERSON"],
      "2 UndefinedArgInFrom: FROM argument 'VERSON' is not declared (did you mean VERSION?)",
    ],
    [
      ["ARG TAG", "FROM a:$TAG"],
      "2 InvalidDefaultArgInFrom: Default value for ARG a:$TAG results in empty or invalid base image name",
    ],
    [
      ["FROM --platform=$TARGETPLATFORM a"],
      "1 RedundantTargetPlatform: Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior",
    ],
    [
      ["FROM --platform=linux/amd64 a"],
      '1 FromPlatformFlagConstDisallowed: FROM --platform flag should not use constant value "linux/amd64"',
    ],
    [["FROM scratch", "COPY $foo /"], "2 UndefinedVar: Usage of undefined variable '$foo'"],
    [
      ["FROM a", "ENV DIR=/x", "WORKDIR $DIRR"],
      "3 UndefinedVar: Usage of undefined variable '$DIRR' (did you mean $DIR?)",
    ],
  ])("finds what is wrong in %j", (lines, expected) => {
    expect(warnings(lines)).toContain(expected);
  });

  it.each<[string[]]>([
    [["FROM --platform=linux/amd64 a AS build-amd64"]],
    [["FROM a", 'SHELL ["/bin/bash", "-c"]', "CMD x"]],
    [["FROM a", "WORKDIR $NODE_HOME"]],
    [["FROM scratch AS one", "ENV DIR=/x", "FROM one", "WORKDIR $DIR"]],
    [["FROM scratch", "ARG DIR", "COPY $DIR /x"]],
    [["FROM a AS b", "FROM a AS c"]],
  ])("finds nothing wrong in %j", (lines) => {
    expect(warnings(lines)).toEqual([]);
  });

  it("finds files that the ignore file leaves out", () => {
    const { isIgnored } = parseIgnoreFile("out\n*.o", ".dockerignore");
    const lines = [
      "FROM scratch",
      "COPY out/x a.o src /",
      "COPY . /",
      "COPY --from=a out /",
      "ADD https://host/out out /",
    ];
    expect(warnings(lines, { isIgnored })).toEqual([
      '2 CopyIgnoredFile: Attempting to Copy file "out/x" that is excluded by .dockerignore',
      '2 CopyIgnoredFile: Attempting to Copy file "a.o" that is excluded by .dockerignore',
      '5 CopyIgnoredFile: Attempting to Add file "out" that is excluded by .dockerignore',
    ]);
    const all = parseIgnoreFile("*", ".dockerignore").isIgnored;
    expect(warnings(["FROM scratch", "COPY . /"], { isIgnored: all })).toHaveLength(1);
  });

  it("lets the file say which rules count", () => {
    const file = ["FROM a as B", "CMD x"];
    expect(warnings(["# check=skip=StageNameCasing,FromAsCasing", ...file])).toHaveLength(1);
    expect(warnings(["# check=skip=all", ...file])).toEqual([]);
    expect(check(["# check=error=true", ...file]).isError).toBe(true);
    expect(check(["# check=error=true", "FROM a"]).isError).toBe(false);
    expect(warnings(["FROM a", "# check=skip=JSONArgsRecommended", "CMD x"])).toEqual([]);
    expect(() => check(["# check=foo=bar", "FROM a"])).toThrow('Dockerfile:1: invalid check option "foo=bar"');
  });

  it("asks experimental rules only where the file wants them", () => {
    const file = ["# something else", "FROM a AS web", "# port of it", "ARG host"];
    expect(warnings(["# check=skip=all", "", ...file])).toEqual([]);
    expect(warnings(["# check=experimental=all", "", ...file])).toEqual([
      "4 InvalidDefinitionDescription: Comment for FROM should follow the format: `# web <description>`",
      "6 InvalidDefinitionDescription: Comment for ARG should follow the format: `# host <description>`",
    ]);
  });

  it("knows where Docker explains a rule", () => {
    expect(urlOf("JSONArgsRecommended")).toBe("https://docs.docker.com/go/dockerfile/rule/json-args-recommended/");
    expect(urlOf("UndefinedVar")).toBe("https://docs.docker.com/go/dockerfile/rule/undefined-var/");
  });
});
