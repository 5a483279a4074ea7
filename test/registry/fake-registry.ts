import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { parseDigest } from "../../src/oci/digest.ts";
import type { Descriptor } from "../../src/oci/image.ts";
import { parseReference, type Reference } from "../../src/oci/reference.ts";

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** An HTTP server of ours that misbehaves as a test wants it to. */
export interface FakeServer {
  readonly host: string;
  readonly requests: IncomingMessage[];
  /** The requests for a path, by its end. */
  requestsFor(path: string): IncomingMessage[];
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startServer(handler: Handler): Promise<FakeServer> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    requests,
    requestsFor: (path) => requests.filter(({ url }) => url?.split("?")[0]?.endsWith(path)),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A server that answers the ping of the distribution protocol, and everything else by `handler`. */
export function startRegistryWith(handler: Handler): Promise<FakeServer> {
  return startServer((request, response) => {
    if (request.url === "/v2/") response.end("{}");
    else handler(request, response);
  });
}

export function digestOf(bytes: Uint8Array | string) {
  return parseDigest(`sha256:${createHash("sha256").update(bytes).digest("hex")}`);
}

export function describeBlob(bytes: Uint8Array): Descriptor {
  return { mediaType: "application/vnd.oci.image.layer.v1.tar", digest: digestOf(bytes), size: bytes.length };
}

export function referenceAt(host: string, rest = "a/b:1"): Reference {
  return parseReference(`${host}/${rest}`);
}

export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(value));
}
