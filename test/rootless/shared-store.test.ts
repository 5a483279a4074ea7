import { describe, expect, it } from "vitest";
import { layOutIds } from "../../src/rootless/id-map.ts";
import { storePath, translate } from "../../src/rootless/shared-store.ts";

const map = (own: number, ...ranges: [number, number][]) => {
  const ids = layOutIds(
    own,
    ranges.map(([start, size]) => ({ start, size })),
  );
  return { uids: ids, gids: ids };
};

describe("translate()", () => {
  it("leads from the owner's ids to the user's", () => {
    expect(translate(map(0, [100000, 65536]), map(1000, [200000, 65536])).uids).toEqual([
      { containerId: 0, hostId: 1000, size: 1 },
      { containerId: 100000, hostId: 200000, size: 65536 },
    ]);
  });

  it("cuts ranges of different sizes and places into pieces", () => {
    expect(translate(map(0, [100000, 10], [300000, 20]), map(7, [200000, 15], [400000, 5])).uids).toEqual([
      { containerId: 0, hostId: 7, size: 1 },
      { containerId: 100000, hostId: 200000, size: 10 },
      { containerId: 300000, hostId: 200010, size: 5 },
      { containerId: 300005, hostId: 400000, size: 5 },
    ]);
  });

  it("leaves users without a range with their own id", () => {
    expect(translate(map(0, [100000, 10]), map(7)).gids).toEqual([{ containerId: 0, hostId: 7, size: 1 }]);
  });
});

describe("storePath()", () => {
  it("wants a store of its own for what others shall see", () => {
    expect(storePath("/srv/images")).toBe("/srv/images");
    expect(() => storePath(undefined)).toThrow(/cannot share the store of your own containers/);
  });
});
