import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectRegistry, type RegistryClient } from "../../src/registry/client.ts";
import { describeBlob, digestOf, type FakeServer, referenceAt, sendJson, startServer } from "./fake-registry.ts";

const retry = { retries: 2, delayMs: 1 };
const small = Buffer.from("a small blob");
const large = Buffer.alloc(6_000_000, "large ");
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dhow-upload-"));
  writeFileSync(join(folder, "small"), small);
  writeFileSync(join(folder, "large"), large);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A registry that keeps one upload, and whatever came of it. */
class Registry {
  received: Buffer = Buffer.alloc(0);
  blob: Buffer | undefined;
  readonly log: string[] = [];
  /** Answers a request itself and returns true, or leaves it to the registry. */
  meddle: (request: IncomingMessage, response: ServerResponse, body: Buffer) => boolean = () => false;

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", "http://registry");
    if (url.pathname === "/v2/") return void response.end("{}");
    const parts: Buffer[] = [];
    try {
      for await (const part of request) parts.push(part as Buffer);
    } catch {
      return;
    }
    const body = Buffer.concat(parts);
    const range = request.headers["content-range"];
    this.log.push(`${request.method} ${body.length}${range === undefined ? "" : ` ${range}`}`);
    if (this.meddle(request, response, body)) return;
    const place = { location: "/v2/a/b/blobs/uploads/1?state=x" };
    switch (request.method) {
      case "POST":
        this.received = Buffer.alloc(0);
        return void response.writeHead(202, place).end();
      case "PATCH":
        this.received = Buffer.concat([this.received, body]);
        return void response.writeHead(202, { ...place, range: `0-${this.received.length - 1}` }).end();
      case "GET":
        return void response.writeHead(204, { ...place, range: `0-${Math.max(0, this.received.length - 1)}` }).end();
      case "PUT":
        return this.finish(url, body, response);
      default:
        response.writeHead(this.blob ? 200 : 404).end();
    }
  }

  private finish(url: URL, body: Buffer, response: ServerResponse): void {
    const blob = Buffer.concat([this.received, body]);
    if (url.searchParams.get("digest") !== digestOf(blob) || url.searchParams.get("state") !== "x") {
      sendJson(response, 400, { errors: [{ code: "DIGEST_INVALID", message: "digest differs" }] });
      return;
    }
    this.blob = blob;
    response.writeHead(201).end();
  }
}

async function withRegistry(
  use: (registry: Registry, client: RegistryClient, server: FakeServer) => Promise<void>,
): Promise<void> {
  const registry = new Registry();
  await using server = await startServer((request, response) => void registry.handle(request, response));
  const client = await connectRegistry(server.host, { insecure: true, credentials: undefined, retry });
  try {
    await use(registry, client, server);
  } finally {
    await client.close();
  }
}

const put = (client: RegistryClient, { host }: FakeServer, name: "small" | "large", more: object = {}) =>
  client.putBlob(referenceAt(host), describeBlob(name === "small" ? small : large), {
    path: join(folder, name),
    ...more,
  });

describe("putBlob()", () => {
  it("sends a small blob at one go and a large one as a stream", async () => {
    await withRegistry(async (registry, client, server) => {
      expect(await put(client, server, "small")).toBe("uploaded");
      expect(registry.blob).toEqual(small);
      const progress: number[] = [];
      await put(client, server, "large", { onProgress: (bytes: number) => progress.push(bytes) });
      expect(registry.blob?.equals(large)).toBe(true);
      expect(progress.at(-1)).toBe(large.length);
      expect(registry.log).toEqual(["POST 0", `PUT ${small.length}`, "POST 0", `PATCH ${large.length}`, "PUT 0"]);
    });
  });

  it("goes on where a connection broke", async () => {
    await withRegistry(async (registry, client, server) => {
      let isBroken = false;
      registry.meddle = (request, _, body) => {
        if (request.method !== "PATCH" || isBroken) return false;
        isBroken = true;
        registry.received = body.subarray(0, 2_000_000);
        request.socket.destroy();
        return true;
      };
      await put(client, server, "large");
      expect(registry.blob?.equals(large)).toBe(true);
      expect(registry.log.slice(2)).toEqual(["GET 0", `PATCH 4000000 2000000-${large.length - 1}`, "PUT 0"]);
    });
  });

  it("starts again when the registry has forgotten the upload", async () => {
    await withRegistry(async (registry, client, server) => {
      let failures = 1;
      registry.meddle = (request, response) => {
        if (request.method === "PATCH" && failures-- > 0) response.writeHead(503, { "retry-after": "0" }).end();
        else if (request.method === "GET") sendJson(response, 404, { errors: [{ code: "BLOB_UPLOAD_UNKNOWN" }] });
        else return false;
        return true;
      };
      await put(client, server, "large");
      expect(registry.blob?.equals(large)).toBe(true);
      expect(registry.log.map((line) => line.split(" ")[0])).toEqual(["POST", "PATCH", "GET", "POST", "PATCH", "PUT"]);
    });
  });

  it("sends smaller bodies where a proxy wants them", async () => {
    await withRegistry(async (registry, client, server) => {
      registry.meddle = (_, response, body) => {
        if (body.length <= 5 << 20) return false;
        response.writeHead(413).end();
        return true;
      };
      await put(client, server, "large");
      expect(registry.blob?.equals(large)).toBe(true);
      const limit = 5 << 20;
      expect(registry.log.slice(2)).toEqual([
        "POST 0",
        `PATCH ${limit} 0-${limit - 1}`,
        `PATCH ${large.length - limit} ${limit}-${large.length - 1}`,
        "PUT 0",
      ]);
    });
  });

  it("lets the registry take the blob from another repository, or sends it where that is declined", async () => {
    await withRegistry(async (registry, client, server) => {
      const queries: string[] = [];
      let status = 201;
      registry.meddle = (request, response) => {
        const { search } = new URL(request.url ?? "", "http://registry");
        if (request.method !== "POST" || search === "") return false;
        queries.push(search);
        response.writeHead(status, { location: "/v2/a/b/blobs/uploads/1?state=x" }).end();
        return true;
      };
      expect(await put(client, server, "small", { mountFrom: "c/d" })).toBe("mounted");
      expect(queries).toEqual([`?mount=${encodeURIComponent(digestOf(small))}&from=c%2Fd`]);
      for (status of [202, 403]) {
        registry.blob = undefined;
        expect(await put(client, server, "small", { mountFrom: "c/d" })).toBe("uploaded");
        expect(registry.blob).toEqual(small);
      }
    });
  });

  it("gives up with the registry's reason", async () => {
    await withRegistry(async (registry, client, server) => {
      registry.meddle = (request, response) => {
        if (request.method !== "PUT") return false;
        sendJson(response, 500, { errors: [{ code: "UNKNOWN", message: "the disk is full" }] });
        return true;
      };
      await expect(put(client, server, "small")).rejects.toMatchObject({
        kind: "unavailable",
        message: expect.stringContaining("the disk is full"),
      });
      expect(registry.log.filter((line) => line.startsWith("PUT"))).toHaveLength(retry.retries + 1);
    });
  });

  it("does not show credentials to another host that the upload goes to", async () => {
    await using elsewhere = await startServer((_, response) => void response.writeHead(201).end());
    await using server = await startServer((request, response) => {
      const isSignedIn = request.headers.authorization !== undefined;
      if (!isSignedIn) response.writeHead(401, { "www-authenticate": "Basic realm=x" }).end();
      else if (request.method === "POST") response.writeHead(202, { location: `http://${elsewhere.host}/up` }).end();
      else response.end("{}");
    });
    const credentials = { username: "alice", password: "secret" };
    const client = await connectRegistry(server.host, { insecure: true, credentials, retry });
    await put(client, server, "small");
    await client.close();
    expect(elsewhere.requests.map(({ method, headers }) => [method, headers.authorization])).toEqual([
      ["PUT", undefined],
    ]);
  });
});

describe("putManifest()", () => {
  it("says when the registry does not take the type, and tries again when it is busy", async () => {
    await withRegistry(async (registry, client, server) => {
      const manifest = { bytes: Buffer.from("{}"), mediaType: "application/vnd.oci.image.manifest.v1+json" };
      const statuses = [503, 201];
      registry.meddle = (request, response) => {
        expect(request.headers["content-type"]).toBe(manifest.mediaType);
        response.writeHead(statuses.shift() ?? 415).end();
        return true;
      };
      await client.putManifest(referenceAt(server.host), manifest);
      await expect(client.putManifest(referenceAt(server.host), manifest)).rejects.toMatchObject({
        kind: "unsupported",
      });
    });
  });
});
