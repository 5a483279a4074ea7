import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { announceAttendance, findAttendant, withdrawAttendance } from "../../src/runtime/attendant.ts";
import { identifyProcess } from "../../src/system/clock.ts";

const script = join(import.meta.dirname, "../../libexec/on-exit");

describe("libexec/on-exit", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "dhow-exit-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Whether the script runs the clean-up program, with the arguments as they are. */
  function cleansUp(): boolean {
    const marker = join(folder, "cleaned up");
    const result = spawnSync(script, [folder, "/usr/bin/touch", marker], { encoding: "utf8" });
    expect(result).toMatchObject({ status: 0, stderr: "" });
    return existsSync(marker);
  }

  it("cleans up when nobody attends", () => {
    expect(cleansUp()).toBe(true);
  });

  it("leaves it to a living attendant", () => {
    announceAttendance(folder);
    expect(findAttendant(folder)).toEqual(identifyProcess(process.pid));
    expect(cleansUp()).toBe(false);
  });

  it("cleans up when the attendant has withdrawn", () => {
    announceAttendance(folder);
    withdrawAttendance(folder);
    expect(findAttendant(folder)).toBeUndefined();
    expect(cleansUp()).toBe(true);
  });

  it("cleans up when another process has the attendant's pid", () => {
    writeFileSync(join(folder, "attendant"), `${process.pid} 12345\n`);
    expect(findAttendant(folder)).toBeUndefined();
    expect(cleansUp()).toBe(true);
  });

  it("cleans up when the attendant is dead", () => {
    writeFileSync(join(folder, "attendant"), "4194304 1\n");
    expect(cleansUp()).toBe(true);
  });

  it("does nothing when the run folder is gone: somebody has cleaned up", () => {
    rmSync(folder, { recursive: true });
    const marker = `${folder}-marker`;
    expect(spawnSync(script, [folder, "/usr/bin/touch", marker]).status).toBe(0);
    expect(existsSync(marker)).toBe(false);
  });
});

describe("withdrawAttendance()", () => {
  it("leaves the announcement of another process alone", () => {
    const folder = mkdtempSync(join(tmpdir(), "dhow-exit-"));
    const parent = identifyProcess(process.ppid);
    writeFileSync(join(folder, "attendant"), `${parent?.pid} ${parent?.startTime}\n`);
    withdrawAttendance(folder);
    expect(findAttendant(folder)).toEqual(parent);
    rmSync(folder, { recursive: true });
  });
});
