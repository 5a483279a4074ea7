import { describe, expect, it } from "vitest";
import { checkLogin } from "../../src/registry/client.ts";
import { redactSecrets } from "../../src/registry/redact.ts";
import { sendJson, startServer } from "./fake-registry.ts";

const basic = (pair: string) => `Basic ${Buffer.from(pair).toString("base64")}`;

describe("redactSecrets()", () => {
  it("takes out passwords, their encoded form, tokens and refresh tokens", () => {
    const header = basic("alice:open:sesame");
    expect(redactSecrets(`got "${header}" open:sesame alice:open:sesame`, { authorization: header })).toBe(
      'got "Basic <redacted>" <redacted> <redacted>',
    );
    expect(redactSecrets("bad token abcd.ef", { authorization: "Bearer abcd.ef" })).toBe("bad token <redacted>");
    const body = new URLSearchParams({ grant_type: "refresh_token", refresh_token: "a+b/c=" }).toString();
    expect(redactSecrets("no a+b/c= refresh_token", { body })).toBe("no <redacted> refresh_token");
  });

  it("leaves a text alone that holds none", () => {
    expect(redactSecrets("denied: a b", { authorization: basic("u:a") })).toBe("denied: a b");
    expect(redactSecrets("denied", {})).toBe("denied");
  });
});

describe("a server that repeats the credentials", () => {
  it.each([
    ["in its error", (header: string) => ({ errors: [{ code: "DENIED", message: `no ${header} pass"word` }] })],
    ["in a page", (header: string) => `no ${header} pass"word`],
  ])("%s does not make us show them", async (_, answer) => {
    await using registry = await startServer((request, response) => {
      const { authorization } = request.headers;
      if (authorization === undefined) response.writeHead(401, { "www-authenticate": "Basic" }).end();
      else sendJson(response, 403, answer(authorization));
    });
    const failure = await checkLogin(registry.host, {
      insecure: true,
      credentials: { username: "alice", password: 'pass"word' },
      retry: { retries: 0, delayMs: 1 },
    }).catch((error: Error) => error);
    expect(failure).toHaveProperty("message", expect.stringContaining("<redacted>"));
    expect(failure).not.toHaveProperty("message", expect.stringMatching(/YWxp|word/));
  });
});
