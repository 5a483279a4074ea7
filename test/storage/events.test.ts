import { appendFileSync, existsSync, statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openEventJournal } from "../../src/storage/events.ts";
import { makeScratch } from "./scratch.ts";

const event = (name: string) => ({ type: "container", status: "start", id: "ab12", name }) as const;
const names = (events: readonly { readonly name: string }[]) => events.map(({ name }) => name);

function open(limit?: number) {
  const engine = makeScratch().open();
  const parts = { dataDirectory: engine.paths.data, database: () => engine.database };
  return {
    folder: `${engine.paths.data}/events`,
    journal: openEventJournal({ ...parts, ...(limit === undefined ? {} : { limit }) }),
  };
}

describe("openEventJournal()", () => {
  it("hands events out in the order of writing, with the time of the writing", () => {
    const { journal } = open();
    const before = BigInt(Date.now()) * 1_000_000n;
    journal.append({ ...event("a"), exitCode: 3, attributes: { "a=b": "c\nd" } });
    journal.append(event("b"));
    using reader = journal.read("start");
    const [first, second] = reader.next();
    expect(first).toMatchObject({ ...event("a"), exitCode: 3, attributes: { "a=b": "c\nd" } });
    expect(second).toMatchObject(event("b"));
    expect((first?.timeNs ?? 0n) >= before - 20_000_000n).toBe(true);
    expect((second?.timeNs ?? 0n) >= (first?.timeNs ?? 0n)).toBe(true);
    expect(reader.next()).toEqual([]);
  });

  it("begins with what comes when asked to, also if nothing has come yet", () => {
    const { journal } = open();
    using early = journal.read("end");
    journal.append(event("a"));
    using late = journal.read("end");
    journal.append(event("b"));
    expect(names(early.next())).toEqual(["a", "b"]);
    expect(names(late.next())).toEqual(["b"]);
  });

  it("keeps two files, and loses nothing while it is followed", () => {
    const { journal, folder } = open(300);
    using reader = journal.read("start");
    const seen: string[] = [];
    for (let index = 0; index < 50; index++) {
      journal.append(event(`e${index}`));
      seen.push(...names(reader.next()));
    }
    expect(seen).toEqual(Array.from({ length: 50 }, (_, index) => `e${index}`));
    expect(existsSync(`${folder}/journal.1`)).toBe(true);
    expect(statSync(`${folder}/journal.1`).size).toBeLessThan(600);
    using fresh = journal.read("start");
    expect(names(fresh.next()).at(-1)).toBe("e49");
  });

  it("reads what somebody writes to a file that was put aside meanwhile", () => {
    const { journal, folder } = open(200);
    journal.append(event("a"));
    using reader = journal.read("start");
    for (const name of ["b", "c", "d", "e"]) if (!existsSync(`${folder}/journal.1`)) journal.append(event(name));
    expect(names(reader.next()).slice(0, 2)).toEqual(["a", "b"]);
    appendFileSync(`${folder}/journal.1`, `{"time":"1","type":"container","status":"start","id":"","name":"late"}\n`);
    expect(names(reader.next())).toEqual(["late"]);
  });

  it("passes over a line that was cut off, and reads the one behind it", () => {
    const { journal, folder } = open();
    journal.append(event("a"));
    appendFileSync(`${folder}/journal`, '{"time":"17000","type":"conta');
    journal.append(event("b"));
    appendFileSync(`${folder}/journal`, "garbage\n");
    journal.append(event("c"));
    using reader = journal.read("start");
    expect(names(reader.next())).toEqual(["a", "b", "c"]);
  });

  it("tells at once when there is more", async () => {
    const { journal } = open();
    using reader = journal.read("end");
    const waiting = reader.waitForMore(60_000);
    await delay(20);
    journal.append(event("a"));
    await waiting;
    expect(names(reader.next())).toEqual(["a"]);
  });
});
