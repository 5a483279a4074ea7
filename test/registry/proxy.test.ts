import { afterEach, describe, expect, it, vi } from "vitest";
import { findProxy, isBypassed } from "../../src/registry/proxy.ts";

afterEach(() => vi.unstubAllEnvs());

describe("isBypassed()", () => {
  it.each([
    ["https://r.example/", "r.example", true],
    ["https://a.r.example/", "r.example", true],
    ["https://ar.example/", "r.example", false],
    ["https://r.example/", ".r.example", false],
    ["https://a.r.example/", ".r.example", true],
    ["https://a.r.example/", "*.r.example", true],
    ["https://R.Example/", "x, r.EXAMPLE ,y", true],
    ["https://r.example/", "*", true],
    ["https://r.example:5000/", "r.example:5000", true],
    ["https://r.example/", "r.example:5000", false],
    ["https://r.example/", "r.example:443", true],
    ["https://10.1.2.3/", "10.0.0.0/8", true],
    ["https://11.1.2.3/", "10.0.0.0/8", false],
    ["https://[fd00::1]/", "fd00::/8", true],
    ["https://10.1.2.3/", "10.0.0.0/99", false],
    ["https://10.1.2.3/", "10.1.2.3", true],
    ["https://localhost:5000/", "", true],
    ["http://127.0.0.1:5000/", "", true],
    ["http://[::1]:5000/", "", true],
    ["https://r.example/", "", false],
  ])("says for %s with %j: %s", (url, list, expected) => {
    expect(isBypassed(new URL(url), list)).toBe(expected);
  });
});

describe("findProxy()", () => {
  it("takes the variable of the scheme, in either case", () => {
    vi.stubEnv("HTTPS_PROXY", "http://upper:1");
    vi.stubEnv("http_proxy", "lower:2");
    expect(findProxy(new URL("https://r.example"))?.host).toBe("upper:1");
    expect(findProxy(new URL("http://r.example"))?.href).toBe("http://lower:2/");
    vi.stubEnv("NO_PROXY", "r.example");
    expect(findProxy(new URL("https://r.example"))).toBeUndefined();
  });

  it("does not repeat the value of a variable that holds no URL: it may hold a password", () => {
    vi.stubEnv("HTTPS_PROXY", "ftp://user:secret@host");
    expect(() => findProxy(new URL("https://r.example"))).toThrow(
      /^invalid proxy in the environment variable HTTPS_PROXY$/,
    );
  });
});
