import { describe, expect, it } from "vitest";
import { cutAtBounds } from "../../src/model/id-ranges.ts";

describe("cutAtBounds()", () => {
  const range = (containerId: number, hostId: number, size: number) => ({ containerId, hostId, size });
  const around = [range(0, 1000, 1), range(1, 100_000, 50), range(51, 300_000, 50)];

  it("leaves no range that lies in two ranges of the namespace around", () => {
    expect(cutAtBounds([range(0, 0, 101)], around)).toEqual([range(0, 0, 1), range(1, 1, 50), range(51, 51, 50)]);
    expect(cutAtBounds([range(7, 0, 10)], around)).toEqual([range(7, 0, 1), range(8, 1, 9)]);
  });

  it("leaves the others as they are, those that are not the user's as well", () => {
    const ranges = [range(0, 1, 50), range(50, 51, 1), range(60, 90, 5)];
    expect(cutAtBounds(ranges, around)).toEqual(ranges);
    expect(cutAtBounds([range(0, 200, 5)], around)).toEqual([range(0, 200, 5)]);
  });
});
