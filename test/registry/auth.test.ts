import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { isKind } from "../../src/errors.ts";
import { connectRegistry } from "../../src/registry/client.ts";
import type { Credentials } from "../../src/registry/credentials.ts";
import { digestOf, type FakeServer, type Handler, referenceAt, sendJson, startServer } from "./fake-registry.ts";

const settings = { insecure: true, credentials: undefined, retry: { retries: 0, delayMs: 1 } };
const manifest = Buffer.from('{"schemaVersion":2}');

/** A registry that wants one of these tokens, and names this realm. */
function registryFor(
  realm: string,
  accepts: (token: string) => boolean,
  parameters = 'service="r.example"',
): Promise<FakeServer> {
  return startServer((request, response) => {
    const token = request.headers.authorization?.replace(/^Bearer /, "");
    if (token !== undefined && accepts(token)) response.end(manifest);
    else
      sendJson(
        response,
        401,
        { errors: [{ code: "UNAUTHORIZED", message: "authentication required" }] },
        { "www-authenticate": `Bearer realm="${realm}",${parameters}` },
      );
  });
}

function tokenServer(
  answer: (request: IncomingMessage, body: string) => { status?: number; json?: unknown; text?: string },
): Promise<FakeServer> {
  const handler: Handler = (request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const { status = 200, json, text } = answer(request, body);
      if (text === undefined) sendJson(response, status, json);
      else response.writeHead(status).end(text);
    });
  };
  return startServer(handler);
}

async function fetchOnce(registry: FakeServer, credentials?: Credentials, insecure = true): Promise<void> {
  const client = await connectRegistry(registry.host, { ...settings, credentials, insecure });
  try {
    const { digest } = await client.fetchManifest(referenceAt(registry.host));
    expect(digest).toBe(digestOf(manifest));
  } finally {
    await client.close();
  }
}

function queryOf(request: IncomingMessage | undefined): Record<string, string> {
  return Object.fromEntries(new URL(request?.url ?? "", "http://x").searchParams);
}

describe("Bearer tokens", () => {
  it("are fetched anonymously for the scope, with the query that the realm brings along", async () => {
    await using tokens = await tokenServer(() => ({ json: { token: "t1" } }));
    await using registry = await registryFor(`http://${tokens.host}/token?kept=1`, (token) => token === "t1");
    await fetchOnce(registry);
    expect(tokens.requests).toHaveLength(1);
    expect(tokens.requests[0]?.headers.authorization).toBeUndefined();
    expect(queryOf(tokens.requests[0])).toEqual({ kept: "1", service: "r.example", scope: "repository:a/b:pull" });
  });

  it("are fetched with name and password, which the registry itself never sees", async () => {
    await using tokens = await tokenServer(() => ({ json: { access_token: "t2", expires_in: 1 } }));
    await using registry = await registryFor(`http://${tokens.host}/token`, (token) => token === "t2");
    await fetchOnce(registry, { username: "alice", password: "s:3" });
    expect(tokens.requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from("alice:s:3").toString("base64")}`);
    expect(queryOf(tokens.requests[0])).toMatchObject({ account: "alice" });
    expect(registry.requests.some(({ headers }) => headers.authorization?.startsWith("Basic"))).toBe(false);
  });

  it("are fetched with an identity token by POST", async () => {
    let form: URLSearchParams | undefined;
    await using tokens = await tokenServer((_, body) => {
      form = new URLSearchParams(body);
      return { json: { access_token: "t3" } };
    });
    await using registry = await registryFor(`http://${tokens.host}/token`, (token) => token === "t3");
    await fetchOnce(registry, { username: "", password: "", identityToken: "refresh-me" });
    expect(tokens.requests[0]?.method).toBe("POST");
    expect(Object.fromEntries(form ?? [])).toEqual({
      client_id: "dhow",
      grant_type: "refresh_token",
      refresh_token: "refresh-me",
      service: "r.example",
      scope: "repository:a/b:pull",
    });
  });

  it("are asked for once by parallel requests, and renewed when the registry refuses them", async () => {
    let issued = 0;
    await using tokens = await tokenServer(() => ({ json: { token: `t${++issued}`, expires_in: 3600 } }));
    let wanted = "t1";
    await using registry = await registryFor(`http://${tokens.host}/token`, (token) => token === wanted);
    const client = await connectRegistry(registry.host, settings);
    const reference = referenceAt(registry.host);
    await Promise.all([1, 2, 3].map(() => client.fetchManifest(reference)));
    expect(issued).toBe(1);
    wanted = "t2";
    await client.fetchManifest(reference);
    expect(issued).toBe(2);
    await client.close();
  });

  it.each<[string, { status?: number; json?: unknown; text?: string }, string, RegExp]>([
    [
      "refuses",
      { status: 401, json: { details: "incorrect username or password" } },
      "permission-denied",
      /unable to retrieve auth token: invalid username\/password: incorrect/,
    ],
    [
      "denies",
      { status: 403, json: { errors: [{ code: "DENIED", message: "no" }] } },
      "permission-denied",
      /requesting bearer token: denied: no/,
    ],
    ["fails", { status: 500, text: "" }, "unavailable", /requesting bearer token/],
    ["sends garbage", { text: "<html>" }, "corrupt", /not JSON/],
    ["sends null", { text: "null" }, "corrupt", /no valid token/],
    ["sends no token", { json: { token: 5 } }, "corrupt", /no valid token/],
    ["sends a header injection", { json: { token: "a\r\nx: y" } }, "corrupt", /no valid token/],
    ["sends megabytes", { text: "x".repeat(1 << 20) }, "corrupt", /larger than/],
  ])("are given up when the token server %s", async (_, answer, kind, text) => {
    await using tokens = await tokenServer(() => answer);
    await using registry = await registryFor(`http://${tokens.host}/token`, () => false);
    const error = await fetchOnce(registry, { username: "a", password: "b" }).catch((thrown: unknown) => thrown);
    expect(isKind(error, kind as "corrupt")).toBe(true);
    expect((error as Error).message).toMatch(text);
    expect((error as Error).message).not.toContain("YTpi");
  });

  it.each(["file:///etc/passwd", "javascript:1", "not a url", "ftp://x/"])(
    "are not fetched from the realm %s",
    async (realm) => {
      await using registry = await registryFor(realm, () => false);
      await expect(fetchOnce(registry)).rejects.toThrow(/invalid token server/);
    },
  );

  it("do not make us send anything without a realm or with a scheme we do not know", async () => {
    for (const header of ['Bearer service="x"', "Negotiate", "", "Bearer"]) {
      await using registry = await startServer((request, response) => {
        if (request.url === "/v2/" || request.headers.authorization !== undefined)
          response.writeHead(401, { "www-authenticate": header }).end();
        else response.end(manifest);
      });
      await fetchOnce(registry, { username: "a", password: "b" });
    }
  });

  it("leave no way to make us loop: a registry that refuses every token gets two", async () => {
    await using tokens = await tokenServer(() => ({ json: { token: "never-enough" } }));
    await using registry = await registryFor(`http://${tokens.host}/token`, () => false);
    await expect(fetchOnce(registry)).rejects.toThrow(/unauthorized: authentication required/);
    expect(tokens.requests.length).toBeLessThanOrEqual(2);
  });
});
