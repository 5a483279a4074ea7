import { describe, expect, it } from "vitest";
import { parseDockerfile } from "../../src/build/dockerfile/parse.ts";
import { findFrom, planBuild } from "../../src/build/plan.ts";
import type { BuildRequest } from "../../src/build/request.ts";

const platform = { os: "linux", architecture: "amd64" };

function plan(lines: readonly string[], { target, args = {}, contexts = [] as [string, unknown][] } = {} as Given) {
  const request = {
    target,
    namedContexts: new Map(contexts),
    variables: { args },
    base: { first: undefined },
    steps: { skipsUnusedStages: true },
  } as unknown as BuildRequest;
  const dockerfile = parseDockerfile(lines.join("\n"), { fileName: "Dockerfile" });
  return { ...planBuild(dockerfile, request, platform), dockerfile, request };
}
interface Given {
  readonly target?: string;
  readonly args?: Readonly<Record<string, string>>;
  readonly contexts?: [string, unknown][];
}

const built = (lines: readonly string[], given?: Given) => [...plan(lines, given).stages.keys()].sort();

describe("planBuild()", () => {
  const stages = ["FROM a AS one", "FROM b AS two", "RUN x", "FROM c AS three", "COPY --from=one /x /", "FROM three"];

  it("builds what the target needs and nothing else", () => {
    expect(built(stages)).toEqual([0, 2, 3]);
    expect(built(stages, { target: "two" })).toEqual([1]);
    expect(built(stages, { target: "2" })).toEqual([0, 2]);
  });

  it("finds stages that RUN mounts from", () => {
    expect(built(["FROM a AS one", "FROM b", "RUN --mount=type=bind,from=one,target=/x true"])).toEqual([0, 1]);
  });

  it("expands FROM with the arguments above it, which --build-arg sets", () => {
    const lines = ["ARG BASE=a", "ARG TAG=1", `FROM \${BASE}:$TAG`];
    expect(plan(lines).stages.get(0)?.base).toEqual({ kind: "image", name: "a:1" });
    expect(plan(lines, { args: { BASE: "b" } }).stages.get(0)?.base).toEqual({ kind: "image", name: "b:1" });
    expect(() => plan(["FROM $NOTHING"])).toThrow("Dockerfile:1: base name ($NOTHING) should not be blank");
  });

  it("lets a build context stand in for an image", () => {
    const contexts: [string, unknown][] = [["golang", { kind: "image", name: "localhost/mine" }]];
    expect(plan(["FROM golang"], { contexts }).stages.get(0)?.base).toEqual({ kind: "image", name: "localhost/mine" });
  });

  it("gives a later stage of the same name the name", () => {
    const { stages: needed } = plan(["FROM a AS x", "FROM b AS x", "FROM x"]);
    expect(needed.get(2)?.base).toEqual({ kind: "stage", index: 1 });
  });

  it("says which targets there are", () => {
    expect(() => plan(stages, { target: "four" })).toThrow(
      'the target "four" was not found in the provided Dockerfile',
    );
  });
});

describe("findFrom()", () => {
  it("refuses stages that are not above", () => {
    const { dockerfile, request } = plan(["FROM a AS one", "FROM b AS two"]);
    const find = (from: string) => findFrom({ dockerfile, request }, 0, from);
    expect(() => find("two")).toThrow("stage two stands below");
    expect(() => find("one")).toThrow("refers to current build stage");
    expect(() => find("7")).toThrow("there is no stage 7 above");
    expect(find("alpine")).toEqual({ kind: "image", name: "alpine" });
  });
});
