import { describe, expect, it } from "vitest";
import { eventJson, eventText } from "../../src/commands/system/event-view.ts";
import type { Event } from "../../src/model/event.ts";

const time = { timeNs: 1_740_000_000_123_456_000n };
const id = "34503c1929401234567890abcdef";
const died: Event = { ...time, type: "container", status: "died", id, name: "web", image: "alpine", exitCode: 0 };

describe("eventText()", () => {
  const shown = (event: Event, noTrunc = false) => eventText(event, noTrunc).replace(/^\S+ \S+ \S+ \S+ /, "");

  it.each<[string, Event]>([
    ["container died 34503c192940 (image=alpine, name=web, a=b)", { ...died, attributes: { a: "b" } }],
    [
      "container health_status 34503c192940 (image=alpine, name=web, health_status=healthy)",
      { ...died, status: "health_status", health: "healthy" },
    ],
    ["image pull 34503c192940 alpine", { ...time, type: "image", status: "pull", id, name: "alpine" }],
    [
      "image pull-error  nosuch not there",
      { ...time, type: "image", status: "pull-error", id: "", name: "nosuch", error: "not there" },
    ],
    ["volume create data", { ...time, type: "volume", status: "create", id: "", name: "data" }],
    [
      "network create 34503c192940 (name=web, type=bridge)",
      { ...time, type: "network", status: "create", id, name: "web", attributes: { driver: "bridge" } },
    ],
  ])("shows %s", (text, event) => expect(shown(event)).toBe(text));

  it("shows the local time to the nanosecond, and the whole id when asked to", () => {
    expect(eventText(died, true)).toMatch(
      new RegExp(`^2025-02-1\\d [0-9:]{8}\\.123456 [+-]\\d{4} \\S+ container died ${id} `),
    );
  });
});

describe("eventJson()", () => {
  it("has podman's fields, and nanoseconds to the last digit", () => {
    expect(eventJson({ ...died, attributes: { note: '"timeNano":0' } })).toBe(
      `{"ContainerExitCode":0,"ID":"${id}","Image":"alpine","Name":"web","Status":"died","time":1740000000,"timeNano":1740000000123456000,"Type":"container","Attributes":{"note":"\\"timeNano\\":0"}}\n`,
    );
  });
});
