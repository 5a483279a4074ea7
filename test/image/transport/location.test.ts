import { describe, expect, it } from "vitest";
import { parseLocation } from "../../../src/image/transport/location.ts";
import { parseReference } from "../../../src/oci/reference.ts";

const file = { image: undefined, position: undefined };

describe("parseLocation()", () => {
  it.each([
    ["docker://quay.io/a/b:1", { transport: "docker", reference: parseReference("quay.io/a/b:1") }],
    ["containers-storage:a:1", { transport: "containers-storage", name: "a:1" }],
    ["containers-storage:@0123", { transport: "containers-storage", name: "0123" }],
    ["dir:/tmp/a:b", { transport: "dir", path: "/tmp/a:b" }],
    ["oci:/tmp/a", { ...file, transport: "oci", path: "/tmp/a" }],
    ["oci:a:quay.io/b/c:1", { ...file, transport: "oci", path: "a", image: "quay.io/b/c:1" }],
    ["oci-archive:a.tar:@3", { ...file, transport: "oci-archive", path: "a.tar", position: 3 }],
    ["docker-archive:a.tar:b:1", { ...file, transport: "docker-archive", path: "a.tar", image: "b:1" }],
    ["docker-archive:a.tar:", { ...file, transport: "docker-archive", path: "a.tar" }],
  ])("reads %s", (text, location) => {
    expect(parseLocation(text)).toEqual(location);
  });

  it.each(["alpine", "alpine:3", "docker:27", "localhost:5000/a", "quay.io/a/b@sha256:0", "0123456789ab", ""])(
    "takes %j for a name",
    (text) => {
      expect(parseLocation(text)).toBeUndefined();
    },
  );

  it.each([
    ["docker-daemon:a:1", "unsupported"],
    ["ostree:a", "unsupported"],
    ["containers-storage:[overlay@/a+/b]c", "unsupported"],
    ["oci:", "invalid-argument"],
    ["oci::tag", "invalid-argument"],
    ["oci:a:@b", "invalid-argument"],
    ["docker://UPPER", "invalid-argument"],
  ])("refuses %s", (text, kind) => {
    expect(() => parseLocation(text)).toThrow(expect.objectContaining({ kind }));
  });
});
