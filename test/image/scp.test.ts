import { describe, expect, it } from "vitest";
import { copyBetweenStores, parseStorePlace } from "../../src/image/scp.ts";

describe("parseStorePlace()", () => {
  it.each<[string, unknown]>([
    ["alpine:3", { host: undefined, image: "alpine:3" }],
    [
      "bob@host.example::",
      { host: { kind: "ssh", destination: "bob@host.example", port: undefined }, image: undefined },
    ],
    ["ssh://bob@host:2222::a/b:1", { host: { kind: "ssh", destination: "bob@host", port: "2222" }, image: "a/b:1" }],
    ["host::app", { host: { kind: "ssh", destination: "host", port: undefined }, image: "app" }],
    ["root@localhost::app", { host: { kind: "user", name: "root" }, image: "app" }],
  ])("reads %s", (text, place) => {
    expect(parseStorePlace(text)).toEqual(place);
  });

  it.each(["-oProxyCommand=x::a", "a b@c::", "::a", "a@-b::"])("refuses %s", (text) => {
    expect(() => parseStorePlace(text)).toThrow(/invalid host/);
  });
});

describe("copyBetweenStores()", () => {
  const here = parseStorePlace("app");
  const there = parseStorePlace("bob@host::");
  const options = { quiet: true, format: "docker-archive" } as const;

  it("refuses what is no copy", async () => {
    await expect(copyBetweenStores(there, here, options)).rejects.toThrow("must specify an image to copy");
    await expect(copyBetweenStores(here, parseStorePlace("bob@host::other"), options)).rejects.toThrow("image rename");
    await expect(copyBetweenStores(here, { host: undefined, image: undefined }, options)).rejects.toThrow(
      "must specify a destination",
    );
    const nobody = parseStorePlace("no-such-user@localhost::");
    await expect(copyBetweenStores(here, nobody, options)).rejects.toThrow('unknown user "no-such-user"');
  });
});
