import { appendFileSync, renameSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LogOptions, readLogs } from "../../src/container/logs.ts";
import type { ContainerRecord } from "../../src/storage/containers.ts";
import { bootId } from "../../src/system/clock.ts";
import { sendSignal } from "../../src/system/signals.ts";
import { type Fixture, openFixture } from "./fixture.ts";

const entry = (text: string, second = 0) => `2026-01-02T03:04:0${second}.000000000+00:00 stdout F ${text}\n`;

describe("readLogs()", () => {
  let fixture: Fixture;
  beforeEach(() => {
    fixture = openFixture();
  });
  afterEach(() => fixture[Symbol.dispose]());

  const logFile = ({ id }: ContainerRecord) => `${fixture.engine.containers.directory(id)}/ctr.log`;

  function read(record: ContainerRecord, options: Partial<LogOptions> = {}) {
    const texts: string[] = [];
    const done = readLogs(fixture.engine, record, {
      ...{ follow: false, tail: undefined, sinceMs: undefined, untilMs: undefined },
      ...options,
      show: async (lines) => void texts.push(...lines.map((line) => line.text.toString())),
    });
    return { texts, done };
  }

  it("shows nothing of a container that never ran", async () => {
    const { texts, done } = read(fixture.add("web"));
    await done;
    expect(texts).toEqual([]);
  });

  it("refuses a container that keeps no log", async () => {
    const log = { driver: "none", maxSizeBytes: undefined, path: undefined } as const;
    await expect(read(fixture.add("web", {}, { log })).done).rejects.toThrow(/using the 'none' log driver/);
  });

  it("shows the last lines, or those of a time", async () => {
    const record = fixture.add("web");
    writeFileSync(logFile(record), entry("a", 1) + entry("b", 2) + entry("c", 3));
    const shown = async (options: Partial<LogOptions>) => {
      const { texts, done } = read(record, options);
      await done;
      return texts;
    };
    expect(await shown({})).toEqual(["a", "b", "c"]);
    expect(await shown({ tail: 2 })).toEqual(["b", "c"]);
    expect(await shown({ sinceMs: Date.parse("2026-01-02T03:04:01Z") })).toEqual(["b", "c"]);
    expect(await shown({ untilMs: Date.parse("2026-01-02T03:04:03Z") })).toEqual(["a", "b"]);
  });

  it("follows a running container to its last line, also into a new file", async () => {
    const init = fixture.process("exec sleep 1000");
    const record = fixture.add("web", { state: "running", init, bootId: bootId() });
    const file = logFile(record);
    const { texts, done } = read(record, { follow: true });
    await delay(50);
    writeFileSync(file, entry("first"));
    await expect.poll(() => texts).toEqual(["first"]);
    appendFileSync(file, entry("second").slice(0, -3));
    await delay(50);
    expect(texts).toEqual(["first"]);
    appendFileSync(file, "nd\n");
    await expect.poll(() => texts).toEqual(["first", "second"]);
    writeFileSync(`${file}.new`, entry("third"));
    renameSync(`${file}.new`, file);
    await expect.poll(() => texts).toEqual(["first", "second", "third"]);
    appendFileSync(file, entry("last"));
    sendSignal(init.pid, "SIGKILL");
    await done;
    expect(texts).toEqual(["first", "second", "third", "last"]);
  });

  it("loses no line when the file is replaced again and again, and reads slowly", async () => {
    const init = fixture.process("exec sleep 1000");
    const record = fixture.add("web", { state: "running", init, bootId: bootId() });
    const file = logFile(record);
    writeFileSync(file, "");
    const seen: string[] = [];
    const done = readLogs(fixture.engine, record, {
      ...{ follow: true, tail: undefined, sinceMs: undefined, untilMs: undefined },
      show: async (lines) => {
        seen.push(...lines.map(({ text }) => text.toString()));
        await delay(100);
      },
    });
    const expected = Array.from({ length: 100 }, (_, index) => `line ${index}`);
    for (const [index, line] of expected.entries()) {
      if (index % 5 === 4) {
        // As the monitor does it: the old file is gone then.
        writeFileSync(`${file}.tmp`, "");
        renameSync(`${file}.tmp`, file);
      }
      appendFileSync(file, entry(line));
      await delay(10);
    }
    sendSignal(init.pid, "SIGKILL");
    await done;
    expect(seen).toEqual(expected);
  });

  it("does not follow a container that has ended", async () => {
    const record = fixture.add("web", { state: "exited" });
    writeFileSync(logFile(record), entry("a"));
    const { texts, done } = read(record, { follow: true });
    await done;
    expect(texts).toEqual(["a"]);
  });
});
