import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

describe("report-counts", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "dhow-counts-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function report(content: unknown): { line: string; exitCode: number | null } {
    const path = join(folder, "results.json");
    writeFileSync(path, JSON.stringify(content));
    const script = new URL("../../scripts/report-counts.mjs", import.meta.url).pathname;
    const { stdout, status } = spawnSync(process.execPath, [script, path], { encoding: "utf8" });
    return { line: stdout, exitCode: status };
  }
  const file = (status: string, ...results: string[]) => ({
    status,
    assertionResults: results.map((result) => ({ status: result })),
  });

  it("counts over all files", () => {
    const files = [file("passed", "passed", "passed", "skipped"), file("passed", "passed", "todo", "pending")];
    expect(report({ testResults: files })).toEqual({ line: "3 passed, 0 failed, 3 skipped\n", exitCode: 0 });
  });

  it("fails when a test failed", () => {
    const files = [file("failed", "passed", "failed")];
    expect(report({ testResults: files })).toEqual({ line: "1 passed, 1 failed, 0 skipped\n", exitCode: 1 });
  });

  it("counts a file that could not be loaded, or whose set-up failed, as one failure", () => {
    const files = [file("passed", "passed"), file("failed"), file("failed", "skipped", "skipped")];
    expect(report({ testResults: files })).toEqual({ line: "1 passed, 2 failed, 2 skipped\n", exitCode: 1 });
  });

  it("fails when nothing ran, and when there is no report", () => {
    expect(report({ testResults: [] })).toEqual({ line: "0 passed, 0 failed, 0 skipped\n", exitCode: 1 });
    expect(report("not a report").exitCode).toBe(1);
  });
});
