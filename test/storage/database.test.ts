import { writeFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { isKind } from "../../src/errors.ts";
import { openDatabase, type SchemaChange, schemaVersion } from "../../src/storage/database.ts";
import { ended, makeScratch, startFixture } from "./scratch.ts";

// Dozens of processes are started here: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 180_000 });

const table = { name: "things", sql: "CREATE TABLE IF NOT EXISTS things (id INTEGER PRIMARY KEY)" };

describe("openDatabase()", () => {
  it("works for many processes that use a new folder at the same time", async () => {
    const { root } = makeScratch();
    writeFileSync(`${root}/number`, "0");
    const children = Array.from({ length: 25 }, () => startFixture("count.ts", root, "1"));
    const results = await Promise.all(children.map(ended));
    expect(results.map(({ code }) => code)).toEqual(Array(25).fill(0));
  });

  it("refuses what a newer version wrote", () => {
    const { root } = makeScratch();
    const database = openDatabase(`${root}/state.db`, [table]);
    database.run(`PRAGMA user_version = ${schemaVersion + 1}`);
    database.close();
    expect(() => openDatabase(`${root}/state.db`, [table])).toThrow("was written by a newer dhow");
  });

  it("changes the tables of an older version, once", () => {
    const { root } = makeScratch();
    const open = (changes: SchemaChange[]) => openDatabase(`${root}/state.db`, [{ ...table, changes }]);
    const old = open([]);
    old.run("INSERT INTO things VALUES (1)");
    old.run("PRAGMA user_version = 0");
    old.close();
    const changes = [{ since: schemaVersion, sql: "ALTER TABLE things ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'" }];
    for (const _ of [1, 2]) {
      const database = open(changes);
      expect(database.all("SELECT * FROM things")).toEqual([{ id: 1, colour: "red" }]);
      database.close();
    }
  });

  it("says `corrupt` about a file that is no database", () => {
    const { root } = makeScratch();
    writeFileSync(`${root}/state.db`, "x".repeat(4096));
    let failure: unknown;
    try {
      openDatabase(`${root}/state.db`, [table]);
    } catch (error) {
      failure = error;
    }
    expect(isKind(failure, "corrupt")).toBe(true);
  });

  it("undoes a transaction that fails", () => {
    const { root } = makeScratch();
    const database = openDatabase(`${root}/state.db`, [table]);
    const work = () => {
      database.run("INSERT INTO things VALUES (1)");
      throw new Error("leak");
    };
    expect(() => database.transaction(work)).toThrow("leak");
    expect(database.all("SELECT * FROM things")).toEqual([]);
    database.close();
  });
});
