import { describe, expect, it } from "vitest";
import { type CopyEnd, planCopy, sourceName } from "../../../src/container/copy/plan.ts";

const end = (kind: CopyEnd["kind"], target: string, given = target): CopyEnd => ({ kind, target, given });

describe("planCopy()", () => {
  it.each<[string, CopyEnd, CopyEnd, ReturnType<typeof planCopy>]>([
    ["a file into a folder", end("file", "/a/f"), end("directory", "/d"), { name: "f", directory: "/d" }],
    ["a file to a new name", end("file", "/a/f"), end("absent", "/d/new"), { name: "new", directory: "/d" }],
    ["a file onto a file", end("file", "/a/f"), end("file", "/d/old"), { name: "old", directory: "/d" }],
    ["a folder into a folder", end("directory", "/a/s", "s/"), end("directory", "/d"), { name: "s", directory: "/d" }],
    ["a folder to a new name", end("directory", "/a/s"), end("absent", "/d/new"), { name: "new", directory: "/d" }],
    [
      "the content of a folder",
      end("directory", "/a/s", "s/."),
      end("directory", "/d"),
      { name: undefined, directory: "/d" },
    ],
    [
      "the content to a new name",
      end("directory", "/a/s", "s/."),
      end("absent", "/d/new"),
      { name: "new", directory: "/d" },
    ],
    [
      "a folder whose name ends in a dot",
      end("directory", "/a/s.", "s."),
      end("directory", "/d"),
      { name: "s.", directory: "/d" },
    ],
    ["the root", end("directory", "/", "/"), end("directory", "/d"), { name: undefined, directory: "/d" }],
  ])("copies %s", (_, source, destination, expected) => {
    expect(planCopy(source, destination)).toEqual(expected);
  });

  it("refuses a folder onto a file", () => {
    expect(() => planCopy(end("directory", "/a"), end("file", "/f"))).toThrow(
      "destination must be a directory when copying a directory",
    );
  });
});

describe("sourceName()", () => {
  it("is the name behind links", () => expect(sourceName(end("file", "/real/name", "link"))).toBe("name"));
});
