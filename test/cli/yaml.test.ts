import { describe, expect, it } from "vitest";
import { formatYaml } from "../../src/cli/yaml.ts";

describe("formatYaml()", () => {
  it("writes maps, lists and scalars as podman does", () => {
    const value = {
      host: { version: "12", cpus: 2, list: ["cpu", "memory"], free: 1.5, none: null, rootless: true },
      empty: { map: {}, list: [], text: "" },
      maps: [
        { id: 0, size: 1 },
        { id: 1, size: 65536 },
      ],
      lines: "crun 1\nspec 2",
    };
    expect(formatYaml(value)).toBe(`empty:
  list: []
  map: {}
  text: ""
host:
  cpus: 2
  free: 1.5
  list:
  - cpu
  - memory
  none: null
  rootless: true
  version: "12"
lines: |-
  crun 1
  spec 2
maps:
- id: 0
  size: 1
- id: 1
  size: 65536
`);
  });

  it.each([
    ["conmon version 2.1.6, commit: unknown", '"conmon version 2.1.6, commit: unknown"'],
    ["1h 7m 18.00s (Approximately 0.04 days)", "1h 7m 18.00s (Approximately 0.04 days)"],
    ["6.18.44-fc-v657", "6.18.44-fc-v657"],
    ["4.3", '"4.3"'],
    ["true", '"true"'],
    ["/home/alice", "/home/alice"],
    ["- x", '"- x"'],
    ["a #b", '"a #b"'],
    ["[x]", '"[x]"'],
  ])("quotes only what it must: %s", (text, expected) => expect(formatYaml({ key: text })).toBe(`key: ${expected}\n`));
});
