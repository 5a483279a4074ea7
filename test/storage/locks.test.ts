import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { ended, makeScratch, startFixture } from "./scratch.ts";

// Dozens of processes are started here: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 180_000 });

describe("withLock()", () => {
  it("lets one process in at a time", async () => {
    const { root } = makeScratch();
    writeFileSync(`${root}/number`, "0");
    const children = Array.from({ length: 8 }, () => startFixture("count.ts", root, "10"));
    const results = await Promise.all(children.map(ended));
    expect(results.map(({ code }) => code)).toEqual(Array(8).fill(0));
    expect(readFileSync(`${root}/number`, "utf8")).toBe("80");
  });

  it("takes the lock of a killed process", async () => {
    const { root, open } = makeScratch();
    const engine = open();
    const child = startFixture("hold.ts", root, "ship");
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    let entered = false;
    const waiting = engine.locks.withLock("ship", () => {
      entered = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(entered).toBe(false);
    child.kill("SIGKILL");
    await waiting;
    expect(entered).toBe(true);
  });

  it("takes the lock of a process of another boot, although its pid and start time fit", async () => {
    const engine = makeScratch().open();
    engine.database.run(
      "INSERT INTO locks SELECT 'ship', ?, ?, 'another boot'",
      ...[process.pid, readFileSync("/proc/self/stat", "latin1").split(" ")[21] as string],
    );
    expect(await engine.locks.withLock("ship", () => "inside")).toBe("inside");
  });

  it("lets the flow that holds it in again, and other flows of the process wait", async () => {
    const engine = makeScratch().open();
    const order: string[] = [];
    const first = engine.locks.withLock("ship", async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      await engine.locks.withLock("ship", () => order.push("inner"));
      order.push("first");
    });
    const second = engine.locks.withLock("ship", () => order.push("second"));
    await Promise.all([first, second]);
    expect(order).toEqual(["inner", "first", "second"]);
  });

  it("is free again when the work fails", async () => {
    const engine = makeScratch().open();
    await expect(engine.locks.withLock("ship", () => Promise.reject(new Error("leak")))).rejects.toThrow("leak");
    expect(await engine.locks.withLock("ship", () => "inside")).toBe("inside");
    expect(engine.database.all("SELECT * FROM locks")).toEqual([]);
  });
});
