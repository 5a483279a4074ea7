import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openOutputFile } from "../../src/system/output-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dhow-output-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("openOutputFile()", () => {
  it("replaces a file when it is published, and mends what was written", async () => {
    const path = join(folder, "archive");
    writeFileSync(path, "old");
    const output = openOutputFile(path);
    await output.write(Buffer.from("0123"));
    output.patch?.(Buffer.from("ab"), 1);
    expect(readFileSync(path, "utf8")).toBe("old");
    output.publish();
    output.close();
    expect(readFileSync(path, "utf8")).toBe("0ab3");
    expect(readdirSync(folder)).toEqual(["archive"]);
  });

  it("leaves a file as it was when nothing is published", async () => {
    const output = openOutputFile(join(folder, "archive"));
    await output.write(Buffer.from("0123"));
    output.close();
    expect(readdirSync(folder)).toEqual([]);
    expect(() => openOutputFile(join(folder, "missing/archive"))).toThrow(
      expect.objectContaining({ kind: "not-found" }),
    );
  });

  it.each(["SIGINT", "SIGTERM"] as const)("leaves nothing behind when %s ends the process", async (signal) => {
    const script = new URL("./fixtures/write-output.ts", import.meta.url).pathname;
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script, join(folder, "archive")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    expect(readdirSync(folder)).toHaveLength(1);
    child.kill(signal);
    const [, endedBy] = await once(child, "exit");
    expect([endedBy, readdirSync(folder)]).toEqual([signal, []]);
  });
});
