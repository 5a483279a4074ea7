import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { DhowError } from "../../src/errors.ts";
import { checkLogin, connectRegistry, type RegistryClient } from "../../src/registry/client.ts";
import type { RetryPolicy } from "../../src/registry/retry.ts";
import {
  describeBlob,
  digestOf,
  type FakeServer,
  type Handler,
  referenceAt,
  sendJson,
  startRegistryWith,
  startServer,
} from "./fake-registry.ts";

const settings = { insecure: true, credentials: undefined, retry: { retries: 2, delayMs: 1 } };
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dhow-client-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function withClient<T>(
  handler: Handler,
  work: (client: RegistryClient, server: FakeServer) => Promise<T>,
): Promise<T> {
  await using server = await startRegistryWith(handler);
  const client = await connectRegistry(server.host, settings);
  try {
    return await work(client, server);
  } finally {
    await client.close();
  }
}

async function failureOf(work: Promise<unknown>): Promise<{ kind: string; text: string; hint: string | undefined }> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof DhowError)) throw error;
    const causes = error.cause instanceof Error ? `: ${error.cause.message}` : "";
    return { kind: error.kind, text: error.message + causes, hint: error.hint };
  }
  throw new Error("nothing was thrown");
}

const manifest = Buffer.from('{"schemaVersion":2}');

describe("fetchManifest()", () => {
  const serve =
    (headers: Record<string, string>, status = 200, body: string | Buffer = manifest): Handler =>
    (_, response) => {
      response.writeHead(status, headers);
      response.end(body);
    };

  it("returns the raw bytes with the digest computed from them", async () => {
    await withClient(
      serve({ "content-type": "x/y", "docker-content-digest": digestOf(manifest) }),
      async (client, server) => {
        const fetched = await client.fetchManifest(referenceAt(server.host));
        expect(fetched).toEqual({ bytes: manifest, digest: digestOf(manifest), contentType: "x/y" });
        expect(server.requestsFor("/v2/a/b/manifests/1")[0]?.headers.accept).toContain(
          "application/vnd.oci.image.index.v1+json",
        );
      },
    );
  });

  it("refuses bytes that are not those of the digest that was asked for, or that the registry names", async () => {
    const other = digestOf("other");
    await withClient(serve({}), async (client, server) => {
      expect((await failureOf(client.fetchManifest(referenceAt(server.host, `a/b@${other}`)))).kind).toBe("corrupt");
    });
    await withClient(serve({ "docker-content-digest": other }), async (client, server) => {
      expect(await failureOf(client.fetchManifest(referenceAt(server.host)))).toMatchObject({
        kind: "corrupt",
        text: expect.stringContaining("Digest did not match"),
      });
    });
  });

  it("does not read more than 4 MiB", async () => {
    await withClient(serve({}, 200, Buffer.alloc((4 << 20) + 1)), async (client, server) => {
      expect(await failureOf(client.fetchManifest(referenceAt(server.host)))).toMatchObject({
        kind: "corrupt",
        text: expect.stringContaining("larger than"),
      });
    });
  });

  const errorBody = (code: string, message: string) => JSON.stringify({ errors: [{ code, message, detail: {} }] });
  it.each([
    [
      404,
      errorBody("MANIFEST_UNKNOWN", "manifest unknown"),
      "not-found",
      /^reading manifest 1 in 127.0.0.1:\d+\/a\/b: manifest unknown$/,
    ],
    [
      401,
      errorBody("UNAUTHORIZED", "authentication required"),
      "permission-denied",
      /: unauthorized: authentication required$/,
    ],
    [
      403,
      errorBody("DENIED", "requested access to the resource is denied"),
      "permission-denied",
      /: denied: requested access/,
    ],
    [
      404,
      "<html>\u001b[31mnothing\u0007 here</html>",
      "not-found",
      /: StatusCode: 404, "<html> \[31mnothing here<\/html>"$/,
    ],
    [404, "", "not-found", /received unexpected HTTP status: 404$/],
    [400, '{"errors":[]}', "unavailable", /StatusCode: 400/],
    [400, "null", "unavailable", /StatusCode: 400/],
    [418, "x".repeat(1 << 20), "unavailable", /received unexpected HTTP status: 418$/],
  ])("turns status %i with %.40s into one sentence", async (status, body, kind, text) => {
    await withClient(serve({}, status, body), async (client, server) => {
      const failure = await failureOf(client.fetchManifest(referenceAt(server.host)));
      expect(failure.kind).toBe(kind);
      expect(failure.text).toMatch(text);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
      expect(failure.text).not.toMatch(/[\u0000-\u001f]/);
    });
  });

  it.each([429, 500, 502, 503, 504])("tries again after status %i", async (status) => {
    let count = 0;
    const handler: Handler = (_, response) => {
      if (++count < 3) response.writeHead(status, { "retry-after": "0" }).end();
      else response.end(manifest);
    };
    await withClient(handler, async (client, server) => {
      expect((await client.fetchManifest(referenceAt(server.host))).digest).toBe(digestOf(manifest));
      expect(count).toBe(3);
    });
  });

  it("gives up after the retries", async () => {
    await withClient(serve({}, 429), async (client, server) => {
      const failure = await failureOf(client.fetchManifest(referenceAt(server.host)));
      expect(failure).toMatchObject({ kind: "unavailable", text: expect.stringContaining("too many requests") });
      expect(server.requestsFor("/manifests/1")).toHaveLength(3);
    });
  });

  it("tries again when the connection breaks before the answer", async () => {
    let count = 0;
    const handler: Handler = (request, response) => {
      if (++count === 1) request.socket.destroy();
      else response.end(manifest);
    };
    await withClient(handler, async (client, server) => {
      expect((await client.fetchManifest(referenceAt(server.host))).digest).toBe(digestOf(manifest));
    });
  });
});

describe("fetchBlob()", () => {
  const content = Buffer.alloc(300_000, "0123456789abcdef");
  const descriptor = describeBlob(content);
  const path = () => join(folder, "blob");
  const fetchFrom = (handler: Handler) =>
    withClient(handler, (client, server) => client.fetchBlob(referenceAt(server.host), descriptor, { path: path() }));

  it("writes the verified bytes and reports progress", async () => {
    const reports: number[] = [];
    await withClient(
      (_, response) => response.end(content),
      (client, server) =>
        client.fetchBlob(referenceAt(server.host), descriptor, {
          path: path(),
          onProgress: (bytes) => reports.push(bytes),
        }),
    );
    expect(readFileSync(path())).toEqual(content);
    expect(reports.at(-1)).toBe(content.length);
    expect(reports).toEqual(reports.toSorted((a, b) => a - b));
  });

  it.each<[string, Handler, RegExp]>([
    ["other bytes", (_, response) => response.end(Buffer.from(content).fill("x", 5, 6)), /Digest did not match/],
    [
      "fewer bytes, with that length",
      (_, response) => response.end(content.subarray(1)),
      /has 299999 bytes where the manifest names 300000/,
    ],
    [
      "more bytes, with that length",
      (_, response) => response.end(Buffer.concat([content, content])),
      /has 600000 bytes/,
    ],
    [
      "fewer bytes in chunks",
      (_, response) => {
        response.write(content.subarray(0, 1000));
        response.end();
      },
      /sent 1000 of the 300000 bytes/,
    ],
    [
      "endless bytes in chunks",
      (_, response) => {
        const send = () => !response.destroyed && response.write(content, send);
        send();
      },
      /sent more than the 300000 bytes/,
    ],
  ])("refuses %s as corrupt and leaves no file", async (_, handler, text) => {
    const failure = await failureOf(fetchFrom(handler));
    expect(failure.kind).toBe("corrupt");
    expect(failure.text).toMatch(text);
    expect(failure.text).toContain(descriptor.digest);
    expect(existsSync(path())).toBe(false);
  });

  /** Sends pieces of the content, and breaks the connection after each. */
  function breakingHandler(pieceLength: number, answerRange: boolean): Handler {
    let isFirst = true;
    return (request, response) => {
      const offset = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
      const start = answerRange ? offset : 0;
      if (!answerRange && !isFirst) {
        response.end(content);
        return;
      }
      isFirst = false;
      response.writeHead(start > 0 ? 206 : 200, {
        "content-length": content.length - start,
        ...(start > 0 ? { "content-range": `bytes ${start}-${content.length - 1}/${content.length}` } : {}),
      });
      const end = Math.min(content.length, start + pieceLength);
      response.write(
        content.subarray(start, end),
        () => end < content.length && setTimeout(() => request.socket.destroy(), 20),
      );
    };
  }

  it("goes on where it was when the connection breaks, as often as it takes", async () => {
    await withClient(breakingHandler(40_000, true), async (client, server) => {
      await client.fetchBlob(referenceAt(server.host), descriptor, { path: path() });
      const ranges = server.requestsFor(descriptor.digest).map(({ headers }) => headers.range);
      expect(ranges[0]).toBeUndefined();
      expect(ranges.length).toBeGreaterThan(5);
      expect(ranges[1]).toMatch(/^bytes=[1-9]\d*-$/);
    });
    expect(readFileSync(path())).toEqual(content);
  });

  it("starts again when the registry ignores Range", async () => {
    await fetchFrom(breakingHandler(40_000, false));
    expect(readFileSync(path())).toEqual(content);
  });

  it("does not believe a partial answer for another place", async () => {
    let isFirst = true;
    const failure = await failureOf(
      fetchFrom((request, response) => {
        if (isFirst) {
          isFirst = false;
          response.writeHead(200, { "content-length": content.length });
          response.write(content.subarray(0, 1000), () => setTimeout(() => request.socket.destroy(), 20));
        } else {
          response.writeHead(206, {
            "content-range": `bytes 5-${content.length}/*`,
            "content-length": content.length - 1000,
          });
          response.end(content.subarray(1000));
        }
      }),
    );
    expect(failure.kind).toBe("corrupt");
    expect(existsSync(path())).toBe(false);
  });

  it("gives up on a connection that always breaks without a byte", async () => {
    const failure = await failureOf(
      fetchFrom((request, response) => {
        response.writeHead(200, { "content-length": content.length });
        response.flushHeaders();
        setTimeout(() => request.socket.destroy(), 5);
      }),
    );
    expect(failure.kind).toBe("unavailable");
    expect(failure.text).toContain(descriptor.digest);
    expect(existsSync(path())).toBe(false);
  });

  it("gives up silence, and asks for the rest", async () => {
    await using server = await startRegistryWith((request, response) => {
      const isFirst = request.headers.range === undefined;
      response.writeHead(isFirst ? 200 : 206, {
        "content-length": isFirst ? content.length : content.length - 1000,
        ...(isFirst ? {} : { "content-range": `bytes 1000-${content.length - 1}/${content.length}` }),
      });
      if (isFirst) response.write(content.subarray(0, 1000));
      else response.end(content.subarray(1000));
    });
    const client = await connectRegistry(server.host, { ...settings, idleTimeoutMs: 300 });
    await client.fetchBlob(referenceAt(server.host), descriptor, { path: path() });
    await client.close();
    expect(server.requestsFor(descriptor.digest)).toHaveLength(2);
    expect(readFileSync(path())).toEqual(content);
  });

  it("gives up a server that sends a byte now and then", async () => {
    await using server = await startRegistryWith((_, response) => {
      response.writeHead(200, { "content-length": content.length });
      const timer = setInterval(() => response.write("0"), 50);
      response.on("close", () => clearInterval(timer));
    });
    const client = await connectRegistry(server.host, { ...settings, idleTimeoutMs: 300 });
    const failure = await failureOf(client.fetchBlob(referenceAt(server.host), descriptor, { path: path() }));
    await client.close();
    expect(failure.kind).toBe("unavailable");
    expect(failure.text).toContain(`the answer of ${server.host} is too slow: less than 1000 bytes in 0.3 s`);
    expect(server.requestsFor(descriptor.digest)).toHaveLength(1);
    expect(existsSync(path())).toBe(false);
  });

  it("waits as long as DHOW_REGISTRY_TIMEOUT says", async () => {
    vi.stubEnv("DHOW_REGISTRY_TIMEOUT", "0.2");
    await using server = await startRegistryWith(() => {});
    const client = await connectRegistry(server.host, settings);
    const failure = await failureOf(client.fetchManifest(referenceAt(server.host)));
    await client.close();
    expect(failure.text).toContain("the server did not answer in time");
    vi.stubEnv("DHOW_REGISTRY_TIMEOUT", "soon");
    expect(await failureOf(connectRegistry(server.host, settings))).toMatchObject({
      kind: "invalid-argument",
      text: 'DHOW_REGISTRY_TIMEOUT is "soon", not a number of seconds',
    });
    vi.unstubAllEnvs();
  });

  it("ends at once when it is aborted, and leaves no file", async () => {
    const abort = new AbortController();
    const hanging: Handler = (_, response) => {
      response.writeHead(200, { "content-length": content.length });
      response.write(content.subarray(0, 10), () => abort.abort(new Error("enough")));
    };
    await withClient(hanging, async (client, server) => {
      const download = client.fetchBlob(referenceAt(server.host), descriptor, { path: path(), signal: abort.signal });
      await expect(download).rejects.toThrow("enough");
    });
    expect(existsSync(path())).toBe(false);
  });
});

describe("redirects", () => {
  const content = Buffer.from("blob");
  const credentials = { username: "alice", password: "secret" };

  it("never take credentials to another origin", async () => {
    await using storage = await startServer((_, response) => response.end(content));
    await using registry = await startServer((request, response) => {
      if (request.headers.authorization === undefined)
        response.writeHead(401, { "www-authenticate": 'Basic realm="r"' }).end();
      else if (request.url === "/v2/") response.end("{}");
      else response.writeHead(307, { location: `http://user:pass@${storage.host}/signed?token=1` }).end();
    });
    const client = await connectRegistry(registry.host, { ...settings, credentials });
    await client.fetchBlob(referenceAt(registry.host), describeBlob(content), { path: join(folder, "redirected") });
    await client.close();
    expect(readFileSync(join(folder, "redirected"))).toEqual(content);
    expect(registry.requests.at(-1)?.headers.authorization).toBe(
      `Basic ${Buffer.from("alice:secret").toString("base64")}`,
    );
    expect(storage.requests).toHaveLength(1);
    expect(storage.requests[0]?.headers.authorization).toBeUndefined();
    expect(storage.requests[0]?.headers.cookie).toBeUndefined();
  });

  it("stay signed in on the same origin", async () => {
    await using registry = await startServer((request, response) => {
      if (request.headers.authorization === undefined) response.writeHead(401, { "www-authenticate": "Basic" }).end();
      else if (request.url === "/v2/") response.end("{}");
      else if (request.url === "/elsewhere") response.end(content);
      else response.writeHead(302, { location: "/elsewhere" }).end();
    });
    const client = await connectRegistry(registry.host, { ...settings, credentials });
    await client.fetchBlob(referenceAt(registry.host), describeBlob(content), { path: join(folder, "same") });
    await client.close();
  });

  it("do not make another origin's challenge ours", async () => {
    await using thief = await startServer((_, response) =>
      response.writeHead(401, { "www-authenticate": "Basic" }).end(),
    );
    await using registry = await startRegistryWith((_, response) =>
      response.writeHead(307, { location: `http://${thief.host}/x` }).end(),
    );
    const client = await connectRegistry(registry.host, { ...settings, credentials });
    expect((await failureOf(client.fetchManifest(referenceAt(registry.host)))).kind).toBe("permission-denied");
    await client.close();
    expect(thief.requests.every(({ headers }) => headers.authorization === undefined)).toBe(true);
    expect(registry.requests.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });

  it.each(["file:///etc/passwd", "ftp://x/", "http://[bad/"])("are not followed to %s", async (location) => {
    await withClient(
      (_, response) => response.writeHead(302, { location }).end(),
      async (client, server) => {
        expect((await failureOf(client.fetchManifest(referenceAt(server.host)))).kind).toBe("permission-denied");
      },
    );
  });

  it("are not followed for ever", async () => {
    await withClient(
      (request, response) => response.writeHead(302, { location: `${request.url}x` }).end(),
      async (client, server) => {
        expect((await failureOf(client.fetchManifest(referenceAt(server.host)))).text).toContain(
          "stopped after 10 redirects",
        );
        expect(server.requests.length).toBeLessThan(20);
      },
    );
  });
});

describe("listTags()", () => {
  it("follows the links to further pages", async () => {
    const handler: Handler = ({ url }, response) => {
      if (url?.includes("last=b")) sendJson(response, 200, { name: "a/b", tags: ["c"] });
      else
        sendJson(response, 200, { name: "a/b", tags: ["a", "b"] }, { link: '</v2/a/b/tags/list?last=b>; rel="next"' });
    };
    await withClient(handler, async (client, server) => {
      expect(await client.listTags(referenceAt(server.host))).toEqual(["a", "b", "c"]);
    });
  });

  it("does not follow links to other hosts or in circles, and refuses garbage", async () => {
    const elsewhere: Handler = (_, response) =>
      sendJson(response, 200, { tags: ["a"] }, { link: '<http://127.0.0.2/x>; rel="next"' });
    await withClient(elsewhere, async (client, server) => {
      expect(await client.listTags(referenceAt(server.host))).toEqual(["a"]);
    });
    const empty: Handler = (request, response) =>
      sendJson(response, 200, { tags: [] }, { link: `<${request.url}>; rel="next"` });
    await withClient(empty, async (client, server) => {
      expect(await client.listTags(referenceAt(server.host))).toEqual([]);
    });
    await withClient(
      (_, response) => sendJson(response, 200, { tags: [1] }),
      async (client, server) =>
        expect((await failureOf(client.listTags(referenceAt(server.host)))).kind).toBe("corrupt"),
    );
  });
});

describe("connectRegistry()", () => {
  it("never speaks plain http unless that is allowed", async () => {
    await using server = await startRegistryWith((_, response) => response.end());
    const failure = await failureOf(connectRegistry(server.host, { ...settings, insecure: false }));
    expect(failure.kind).toBe("unavailable");
    expect(failure.text).toContain(
      `pinging container registry ${server.host}: Get "https://${server.host}/v2/": http: server gave HTTP response to HTTPS client`,
    );
    expect(server.requests).toHaveLength(0);
  });

  it("waits for a registry that is about to start, if the user asked for retries", async () => {
    const { host } = await startRegistryWith((_, response) => response.end()).then(async (server) => {
      await server[Symbol.asyncDispose]();
      return server;
    });
    const told: string[] = [];
    const retry: RetryPolicy = {
      retries: 2,
      delayMs: 10,
      isAskedFor: true,
      isDelayFixed: true,
      onRefused: ({ error, delayMs, attempt }) => told.push(`${attempt} ${delayMs} ${error.message}`),
    };
    const failure = await failureOf(connectRegistry(host, { ...settings, retry }));
    expect(failure.text).toContain("connection refused");
    expect(told).toEqual([1, 2].map((attempt) => expect.stringMatching(`^${attempt} 10 Get .*connection refused$`)));
  });

  it("says in one sentence why there is no connection", async () => {
    const refused = await failureOf(connectRegistry("127.0.0.1:1", settings));
    expect(refused.text).toBe(
      'pinging container registry 127.0.0.1:1: Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused',
    );
    const unknown = await failureOf(connectRegistry("registry.invalid", { ...settings, insecure: false }));
    expect(unknown.text).toMatch(/lookup registry\.invalid: (no such host|temporary failure in name resolution)/);
    const beyond = await failureOf(connectRegistry("registry.invalid:99999", settings));
    expect(beyond.kind).toBe("invalid-argument");
    expect(beyond.text).toMatch(/^pinging container registry registry\.invalid:99999: its name is no valid address/);
  });
});

describe("checkLogin()", () => {
  it("accepts what the registry accepts", async () => {
    const expected = `Basic ${Buffer.from("a:b:c").toString("base64")}`;
    await using server = await startServer((request, response) => {
      const isRight = request.headers.authorization === expected;
      response.writeHead(isRight ? 200 : 401, { "www-authenticate": 'Basic realm="x"' }).end("{}");
    });
    await checkLogin(server.host, { ...settings, credentials: { username: "a", password: "b:c" } });
    const wrong = checkLogin(server.host, { ...settings, credentials: { username: "a", password: "x" } });
    expect((await failureOf(wrong)).kind).toBe("permission-denied");
  });
});
