import { describe, expect, it } from "vitest";
import { parseReference } from "../../src/oci/reference.ts";
import { parsePolicy } from "../../src/trust/policy.ts";
import { pathScopes, registryScopes, requirementsFor } from "../../src/trust/scopes.ts";

const accept = { type: "insecureAcceptAnything" };
const reject = { type: "reject" };
const key = Buffer.from("key").toString("base64");

describe("parsePolicy()", () => {
  it("reads every kind of requirement", () => {
    const policy = parsePolicy(
      JSON.stringify({
        default: [reject],
        transports: {
          docker: {
            "": [accept],
            "r.example/a": [{ type: "sigstoreSigned", keyPath: "/k" }],
            "*.example.com": [
              { type: "sigstoreSigned", keyDatas: [key, key], signedIdentity: { type: "matchRepository" } },
            ],
            "r.example/gpg": [{ type: "signedBy", keyType: "GPGKeys", keyPaths: ["/a", "/b"] }],
            "r.example/fulcio": [{ type: "sigstoreSigned", fulcio: { caPath: "/x" }, rekorPublicKeyPath: "/y" }],
          },
          "docker-archive": { "": [accept] },
          oci: { "/images/app": [accept] },
          unknown: { whatever: [accept] },
        },
      }),
    );
    expect(policy.default).toEqual([reject]);
    const docker = policy.transports.get("docker");
    expect(docker?.get("r.example/a")).toEqual([
      {
        type: "sigstoreSigned",
        keys: { paths: ["/k"], data: [] },
        unsupported: undefined,
        signedIdentity: { type: "matchRepoDigestOrExact" },
      },
    ]);
    expect(docker?.get("*.example.com")?.[0]).toMatchObject({
      keys: { paths: [], data: [Buffer.from("key"), Buffer.from("key")] },
      signedIdentity: { type: "matchRepository" },
    });
    expect(docker?.get("r.example/gpg")?.[0]).toMatchObject({ type: "signedBy", keys: { paths: ["/a", "/b"] } });
    expect(docker?.get("r.example/fulcio")?.[0]).toMatchObject({ unsupported: "fulcio" });
  });

  it.each<[string, string, RegExp]>([
    ["no JSON", "{", /the policy is not JSON/],
    ["a key twice", '{"default":[{"type":"reject"}],"default":[{"type":"insecureAcceptAnything"}]}', /"default" twice/],
    [
      "a key twice deep inside, written differently",
      '{"default":[{"type":"reject"}],"transports":{"docker":{"a\\u0062":[{"type":"reject"}],"ab":[{"type":"reject"}]}}}',
      /"ab" twice/,
    ],
    ["no default", '{"transports":{}}', /"default" is missing/],
    ["an unknown key", JSON.stringify({ default: [reject], more: 1 }), /unknown key "more"/],
    ["no requirements", JSON.stringify({ default: [] }), /empty list/],
    ["an unknown type", JSON.stringify({ default: [{ type: "maybe" }] }), /unknown policy requirement type "maybe"/],
    ["a requirement with more", JSON.stringify({ default: [{ ...reject, keyPath: "/k" }] }), /unknown key "keyPath"/],
    ["no key", JSON.stringify({ default: [{ type: "sigstoreSigned" }] }), /exactly one of keyPath/],
    [
      "two keys",
      JSON.stringify({ default: [{ type: "sigstoreSigned", keyPath: "/k", keyData: key }] }),
      /exactly one of keyPath/,
    ],
    [
      "no list of keys",
      JSON.stringify({ default: [{ type: "sigstoreSigned", keyPaths: "/k" }] }),
      /keyPath is not text/,
    ],
    ["an empty list of keys", JSON.stringify({ default: [{ type: "sigstoreSigned", keyPaths: [] }] }), /empty list/],
    ["no base64", JSON.stringify({ default: [{ type: "sigstoreSigned", keyData: "%" }] }), /not base64/],
    [
      "an unknown identity",
      JSON.stringify({ default: [{ type: "sigstoreSigned", keyPath: "/k", signedIdentity: { type: "x" } }] }),
      /unknown type of signedIdentity/,
    ],
    [
      "a wild scope",
      JSON.stringify({ default: [reject], transports: { docker: { "a*.b": [reject] } } }),
      /\*\.example/,
    ],
    [
      "a relative path",
      JSON.stringify({ default: [reject], transports: { dir: { "a/b": [reject] } } }),
      /clean absolute/,
    ],
    [
      "a path with ..",
      JSON.stringify({ default: [reject], transports: { dir: { "/a/..": [reject] } } }),
      /clean absolute/,
    ],
    ["the root", JSON.stringify({ default: [reject], transports: { oci: { "/": [reject] } } }), /clean absolute/],
    [
      "a scope of an archive",
      JSON.stringify({ default: [reject], transports: { "docker-archive": { x: [reject] } } }),
      /no other scope/,
    ],
  ])("refuses %s", (_, text, message) => {
    expect(() => parsePolicy(text)).toThrow(message);
  });
});

describe("requirementsFor()", () => {
  const policyOf = (...scopes: string[]) =>
    parsePolicy(
      JSON.stringify({
        default: [reject],
        transports: {
          docker: Object.fromEntries(scopes.map((scope, n) => [scope, Array.from({ length: n + 1 }, () => accept)])),
        },
      }),
    );
  const chosen = (name: string, ...scopes: string[]) => {
    const found = requirementsFor(policyOf(...scopes), "docker", registryScopes(parseReference(name)));
    return found[0]?.type === "reject" ? "default" : scopes[found.length - 1];
  };

  it("takes the narrowest scope alone", () => {
    const scopes = ["r.example.com:5000/a/b:1", "r.example.com:5000/a/b", "r.example.com:5000/a", "r.example.com:5000"];
    const wild = ["*.example.com", "*.com", ""];
    for (let dropped = 0; dropped < scopes.length + wild.length; dropped++) {
      const left = [...scopes, ...wild].slice(dropped);
      expect(chosen("r.example.com:5000/a/b:1", ...left.toReversed())).toBe(left[0]);
    }
    expect(chosen("r.example.com:5000/a/b:1")).toBe("default");
  });

  it("knows what does not lie in a scope", () => {
    expect(chosen("r.example.com/ab:1", "r.example.com/a")).toBe("default");
    expect(chosen("r.example.com:1/a:1", "r.example.com")).toBe("default");
    expect(chosen("r.example.com/a:2", "r.example.com/a:1")).toBe("default");
    expect(chosen("alpine:3", "docker.io/library")).toBe("docker.io/library");
    expect(chosen("evil-example.com/a:1", "*.example.com")).toBe("default");
  });

  it("asks other transports nothing of docker's", () => {
    expect(requirementsFor(policyOf(""), "oci", pathScopes("/a"))).toEqual([reject]);
    expect(pathScopes("/srv/images/app")).toEqual(["/srv/images/app", "/srv/images", "/srv"]);
  });
});
