import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseEntry, readJournal } from "../../src/runtime/journal.ts";

const entry = (fields: object) =>
  JSON.stringify({ __REALTIME_TIMESTAMP: "1767323045123456", PRIORITY: "6", MESSAGE: "hello", ...fields });

describe("parseEntry()", () => {
  it.each([
    [{}, { stream: "stdout", partial: false, text: "hello", time: "2026-01-02T03:04:05.123456000Z" }],
    [{ PRIORITY: "3" }, { stream: "stderr" }],
    [{ CONTAINER_PARTIAL_MESSAGE: "true" }, { partial: true }],
    [{ MESSAGE: [104, 105] }, { text: "hi" }],
    [{ MESSAGE: null }, { text: "" }],
    [{ MESSAGE: "with its end\n" }, { text: "with its end" }],
    [{ MESSAGE: "half a line\n", CONTAINER_PARTIAL_MESSAGE: "true" }, { text: "half a line\n" }],
  ])("%j", (fields, expected) => {
    const line = parseEntry(entry(fields));
    expect({ ...line, text: line?.text.toString() }).toMatchObject(expected);
  });
  it("passes over what is no entry", () => {
    expect(parseEntry("-- No entries --")).toBeUndefined();
  });
});

describe("readJournal()", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "dhow-journal-"));
    vi.stubEnv("PATH", `${folder}:/usr/bin:/bin`);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
  const read = async (script: string, follow: boolean) => {
    writeFileSync(join(folder, "journalctl"), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, "journalctl"), 0o755);
    const texts: string[] = [];
    for await (const { text } of readJournal({ id: "abc", tail: 2, follow, isOver: () => true })) {
      texts.push(text.toString());
    }
    return texts;
  };

  it("asks for the container's entries", async () => {
    const script = `for word; do echo '${entry({ MESSAGE: "WORD" })}' | sed "s/WORD/$word/"; done`;
    expect(await read(script, false)).toEqual([
      ...["--quiet", "--no-pager", "--all", "--output=json", "--lines=2", "CONTAINER_ID_FULL=abc"],
    ]);
  });
  it("follows until the container has ended and nothing comes any more", async () => {
    expect(await read(`echo '${entry({})}'; exec sleep 1000`, true)).toEqual(["hello"]);
  });
});
