import { describe, expect, it } from "vitest";
import { eventFilter } from "../../src/events/filters.ts";
import type { Event } from "../../src/model/event.ts";

const died: Event = {
  ...{ timeNs: 1n, type: "container", status: "died", id: "abcdef0123", name: "web", image: "alpine" },
  ...{ podId: "9988", attributes: { app: "shop", empty: "" } },
};
const pulled: Event = { timeNs: 2n, type: "image", status: "pull", id: "0011", name: "docker.io/library/alpine" };
const volume: Event = { timeNs: 3n, type: "volume", status: "create", id: "", name: "data-1" };
const sick: Event = {
  timeNs: 4n,
  type: "container",
  status: "health_status",
  id: "77",
  name: "db",
  health: "unhealthy",
};
const all = [died, pulled, volume, sick];

function passing(...filters: readonly (readonly [string, string])[]): Event[] {
  const map = new Map<string, string[]>();
  for (const [key, value] of filters) map.set(key, [...(map.get(key) ?? []), value]);
  return all.filter(eventFilter(map));
}

describe("eventFilter()", () => {
  it.each([
    [[["container", "web"]], [died]],
    [[["CONTAINER", "abcd"]], [died]],
    [[["container", "alpine"]], []],
    [
      [
        ["container", "web"],
        ["container", "db"],
      ],
      [died, sick],
    ],
    [
      [
        ["container", "web"],
        ["event", "start"],
      ],
      [],
    ],
    [[["image", "docker.io/library/alpine"]], [pulled]],
    [[["event", "die"]], [died]],
    [
      [
        ["status", "died"],
        ["status", "pull"],
      ],
      [died, pulled],
    ],
    [[["event", "health_status: unhealthy"]], [sick]],
    [[["event", "health_status: healthy"]], []],
    [[["event", "health_status"]], [sick]],
    [[["label", "app"]], [died]],
    [[["label", "app=shop"]], [died]],
    [[["label", "empty="]], [died]],
    [[["label", "app=other"]], []],
    [[["label", "toString"]], []],
    [[["pod", "99"]], [died]],
    [[["volume", "data"]], [volume]],
    [[["type", "image"]], [pulled]],
    [[], all],
  ] as const)("with %j lets the right ones through", (filters, expected) => {
    expect(passing(...filters)).toEqual(expected);
  });

  it("refuses an unknown key", () => {
    expect(() => passing(["nosuch", "x"])).toThrow("nosuch is an invalid filter");
  });
});
