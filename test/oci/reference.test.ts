import { describe, expect, it } from "vitest";
import { isKind } from "../../src/errors.ts";
import {
  familiarName,
  familiarRepository,
  isShortName,
  normalizeReference,
  parseReference,
  parseWrittenReference,
} from "../../src/oci/reference.ts";

const hex = "0123456789abcdef".repeat(4);
const digest = `sha256:${hex}`;

describe("normalizeReference()", () => {
  it.each([
    ["alpine", "docker.io/library/alpine:latest"],
    ["alpine:3.20", "docker.io/library/alpine:3.20"],
    ["library/alpine", "docker.io/library/alpine:latest"],
    ["grafana/grafana", "docker.io/grafana/grafana:latest"],
    ["docker.io/alpine", "docker.io/library/alpine:latest"],
    ["index.docker.io/library/alpine", "docker.io/library/alpine:latest"],
    ["localhost/x", "localhost/x:latest"],
    ["localhost:5000/x", "localhost:5000/x:latest"],
    ["localhost:5000", "docker.io/library/localhost:5000"],
    ["quay.io/a/b/c:1.0", "quay.io/a/b/c:1.0"],
    ["[::1]:5000/a", "[::1]:5000/a:latest"],
    ["[fd00::1]/a:b", "[fd00::1]/a:b"],
    ["127.0.0.1:5000/a/b", "127.0.0.1:5000/a/b:latest"],
    ["Reg.Example/a", "Reg.Example/a:latest"],
    ["a__b/c-_d".replace("-_", "--"), "docker.io/a__b/c--d:latest"],
    [`alpine@${digest}`, `docker.io/library/alpine@${digest}`],
    [`alpine:3@${digest}`, `docker.io/library/alpine:3@${digest}`],
    ["xn--n3h.example/x", "xn--n3h.example/x:latest"],
  ])("reads %s as %s", (text, expected) => {
    expect(normalizeReference(text)).toBe(expected);
  });
});

describe("parseReference() refuses", () => {
  it.each([
    ["", "repository name must have at least one component"],
    ["FOO", "repository name must be lowercase"],
    ["localhost/A", "repository name must be lowercase"],
    ["Foo/bar", "repository name must be lowercase"],
    ["foo//bar", "invalid reference format"],
    ["/foo", "invalid reference format"],
    ["foo/", "invalid reference format"],
    [" foo", "invalid reference format"],
    ["foo\n", "invalid reference format"],
    ["foo:", "invalid reference format"],
    ["foo:bad tag", "invalid reference format"],
    [`foo:${"t".repeat(129)}`, "invalid reference format"],
    ["foo@", "invalid reference format"],
    ["foo@sha256:abc", "invalid reference format"],
    [`foo@sha256:${"a".repeat(63)}`, "invalid checksum digest length"],
    [`foo@sha512:${"a".repeat(128)}`, "unsupported digest algorithm sha512"],
    [`foo@${digest}@${digest}`, "invalid reference format"],
    ["a..b", "invalid reference format"],
    ["a___b", "invalid reference format"],
    ["-a", "invalid reference format"],
    ["../etc/passwd", "invalid reference format"],
    ["example.com/../x", "invalid reference format"],
    ["http://example.com/x", "invalid reference format"],
    ["user:pass@example.com/x", "invalid reference format"],
    ["[::1/x", "invalid reference format"],
    ["[::g]:1/x", "invalid reference format"],
    ["-a.example/x", "invalid reference format"],
    ["example.com:port/x", "invalid reference format"],
    [hex, "cannot specify 64-byte hexadecimal strings"],
    ["a".repeat(256), "not be more than 255 characters"],
    ["a".repeat(100_000), "not be more than 255 characters"],
    [`${"a-".repeat(500_000)}!`, "not be more than 255 characters"],
    ["foo\u0000", "invalid reference format"],
    ["ünïcode", "invalid reference format"],
  ])("%j", (text, reason) => {
    let thrown: unknown;
    try {
      parseReference(text);
    } catch (error) {
      thrown = error;
    }
    expect(isKind(thrown, "invalid-argument")).toBe(true);
    expect((thrown as Error).message).toContain(reason);
    expect((thrown as Error).message.length).toBeLessThan(500);
  });
});

describe("familiarName()", () => {
  it.each([
    ["docker.io/library/alpine:3", "alpine:3", "alpine"],
    ["grafana/grafana", "grafana/grafana", "grafana/grafana"],
    ["docker.io/library/a/b:1", "library/a/b:1", "library/a/b"],
    ["docker.io/a.b/c", "docker.io/a.b/c", "docker.io/a.b/c"],
    ["docker.io/localhost/c", "docker.io/localhost/c", "docker.io/localhost/c"],
    [`docker.io/library/${hex}`, `library/${hex}`, `library/${hex}`],
    [`quay.io/a/b@${digest}`, `quay.io/a/b@${digest}`, "quay.io/a/b"],
  ])("shortens %s to %s", (text, name, repository) => {
    const reference = parseReference(text);
    expect(familiarName(reference)).toBe(name);
    expect(familiarRepository(reference)).toBe(repository);
    expect(parseReference(name)).toEqual(reference);
  });
});

describe("short names", () => {
  it("isShortName() tells names without a registry", () => {
    expect(["alpine", "alpine:3", "a/b:1", `a@${digest}`, "localhost:5"].map(isShortName)).toEqual(Array(5).fill(true));
    expect(["localhost/a", "a.b/c", "a:1/c", "[::1]:1/c"].map(isShortName)).toEqual(Array(4).fill(false));
  });

  it("parseWrittenReference() leaves the registry open", () => {
    expect(parseWrittenReference("alpine:3")).toEqual({
      registry: undefined,
      repository: "alpine",
      tag: "3",
      digest: undefined,
    });
    expect(parseWrittenReference("docker.io/alpine").registry).toBe("docker.io");
  });
});
