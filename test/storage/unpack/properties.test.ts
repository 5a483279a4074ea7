import { rmSync } from "node:fs";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isKind } from "../../../src/errors.ts";
import { archive, entry, gnuLong, paxHeader } from "./archive.ts";
import { createSandbox, describeTree } from "./sandbox.ts";

/** The same in every run; fast-check names the smallest archive that fails. */
const bounds = { seed: 20_261_128, interruptAfterTimeLimit: 25_000, numRuns: 400 };

const piece = fc.constantFrom(
  "a",
  "b",
  "out",
  "..",
  ".",
  "",
  ".wh.a",
  ".wh..wh..opq",
  ".wh.",
  "\u0000",
  "x".repeat(120),
);
const path = fc
  .tuple(fc.constantFrom("", "/", "./", "../"), fc.array(piece, { minLength: 1, maxLength: 4 }))
  .map(([start, pieces]) => start + pieces.join("/"));
const target = fc.oneof(path, fc.constantFrom("../outside", "../outside/secret", "/", "/tmp", "../../..", "a/../out"));
const content = fc.oneof(fc.constant(""), fc.string({ maxLength: 30 }));
const number = fc.oneof({ weight: 4, arbitrary: fc.nat(2 ** 16) }, fc.constantFrom(-1, 2 ** 33, 2 ** 62, 2 ** 21));

const member = fc.oneof(
  { weight: 6, arbitrary: fc.record({ name: path, content, mode: fc.nat(0o7777), mtime: number }).map(entry) },
  { weight: 3, arbitrary: fc.record({ name: path, type: fc.constantFrom("5", "6"), mode: fc.nat(0o7777) }).map(entry) },
  { weight: 4, arbitrary: fc.record({ name: path, type: fc.constantFrom("1", "2"), linkName: target }).map(entry) },
  fc.record({ name: path, type: fc.constantFrom("3", "4", "7", "S", "V", "x", "é"), content, size: number }).map(entry),
  fc.record({ name: path, uid: number, gid: number }).map(entry),
  fc.tuple(fc.constantFrom("L" as const, "K" as const), path).map(([type, text]) => gnuLong(type, text)),
  fc
    .tuple(
      fc.dictionary(
        fc.constantFrom("path", "linkpath", "size", "uid", "mtime", "GNU.sparse.map", "GNU.sparse.size", "hdrcharset"),
        fc.oneof(path, number.map(String), fc.constantFrom("0,512,1024,512", "1.5", "0x10", "nan", "")),
        { maxKeys: 3 },
      ),
      fc.constantFrom("x" as const, "g" as const),
    )
    .map(([records, type]) => paxHeader(records, type)),
);

describe("any archive", () => {
  it("becomes a layer or is refused by a DhowError, and nothing outside of the layer changes", async () => {
    const damaged = fc.tuple(
      fc.array(member, { minLength: 1, maxLength: 8 }),
      fc.constantFrom("overlay" as const, "merged" as const),
      fc.constantFrom("plain", "gzip", "cut"),
      fc.nat(),
    );
    await fc.assert(
      fc.asyncProperty(damaged, async ([members, whiteouts, form, place]) => {
        const box = createSandbox();
        const tar = archive(...members);
        const blob = form === "gzip" ? gzipSync(tar) : form === "cut" ? tar.subarray(0, place % tar.length) : tar;
        const failure: unknown = await box.unpack(blob, { whiteouts }).then(
          () => undefined,
          (error: unknown) => error,
        );
        const isRefusal = ["corrupt", "unsupported", "invalid-argument", "permission-denied"] as const;
        if (failure !== undefined && !isRefusal.some((kind) => isKind(failure, kind))) throw failure;
        expect(box.outside()).toEqual({ secret: "file untouched" });
        expect(Object.keys(describeTree(box.path)).filter((name) => !/^(layer|outside|blob-0)/.test(name))).toEqual([]);
        rmSync(box.path, { recursive: true, force: true });
      }),
      bounds,
    );
  });
});
