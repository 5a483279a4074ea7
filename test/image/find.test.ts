import { describe, expect, it } from "vitest";
import type { Engine } from "../../src/engine.ts";
import { isStored } from "../../src/image/find.ts";
import { addSampleImage, makeScratch } from "../storage/scratch.ts";

describe("isStored()", () => {
  it("knows podman's ways to write the name of a stored image, and no other store", async () => {
    const parts = makeScratch().open();
    await addSampleImage(parts, { names: ["localhost/a:1"], layers: ["one"] });
    const engine = { ...parts, paths: { ...parts.paths, data: "/data" } } as unknown as Engine;
    const names = ["a:1", "containers-storage:localhost/a:1", "[vfs@/data+/run]a:1", "containers-storage:[/data/]a:1"];
    expect(names.map((name) => isStored(engine, name))).toEqual([true, true, true, true]);
    expect(isStored(engine, "[vfs@/elsewhere+/run]a:1")).toBe(false);
    expect(isStored(engine, "a:2")).toBe(false);
  });
});
