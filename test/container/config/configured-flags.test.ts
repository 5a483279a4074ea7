import { describe, expect, it } from "vitest";
import { configOf, fakeCaller } from "./command-line.ts";

describe("withConfigured()", () => {
  const configured = { readOnly: true, ulimits: ["core=1", "nofile=7"], oomScoreAdj: 200 };
  it("takes what files say where the user says nothing", () => {
    const { readOnly, ulimits, oomScoreAdj } = configOf(["image"], { caller: fakeCaller({ configured }) });
    expect({ readOnly, oomScoreAdj }).toEqual({ readOnly: true, oomScoreAdj: 200 });
    expect(ulimits.map(({ name, soft }) => [name, soft])).toEqual([
      ["core", 1],
      ["nofile", 7],
    ]);
  });
  it("lets the user say otherwise", () => {
    const argv = ["--read-only=false", "--ulimit=nofile=9", "--oom-score-adj=150", "image"];
    const { readOnly, ulimits, oomScoreAdj } = configOf(argv, { caller: fakeCaller({ configured }) });
    expect({ readOnly, oomScoreAdj }).toEqual({ readOnly: false, oomScoreAdj: 150 });
    expect(ulimits.findLast(({ name }) => name === "nofile")?.soft).toBe(9);
  });
  it("tells of a score that no user can give", () => {
    const warnings: string[] = [];
    configOf(["--oom-score-adj=-1000", "image"], { caller: fakeCaller({ warn: (text) => warnings.push(text) }) });
    expect(warnings).toEqual(["Requested oom_score_adj=-1000 is lower than the current one, changing to 100"]);
  });
});
