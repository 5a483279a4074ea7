import { DhowError } from "../errors.ts";
import { loadCertificates } from "./certificates.ts";
import { connectionError } from "./connection-error.ts";
import { responseError } from "./response-error.ts";
import type { RetryPolicy } from "./retry.ts";
import { openTransport } from "./transport.ts";

/** A file that is read from the web. Closes the connection when disposed of. */
export interface WebFile extends AsyncDisposable {
  readonly chunks: AsyncIterable<Buffer>;
}

/**
 * Opens a file on the web, with the machine's certificates, proxies and redirects.
 * @throws {DhowError} `invalid-argument` for what is no address; `not-found`, `permission-denied`, `unavailable`.
 */
export async function openWebFile(address: string, retry: RetryPolicy): Promise<WebFile> {
  const url = URL.parse(address);
  if (!url) throw new DhowError(`invalid address ${JSON.stringify(address)}`, { kind: "invalid-argument" });
  const transport = openTransport({
    host: url.host,
    insecure: false,
    certificates: loadCertificates(url.host),
    retry,
  });
  try {
    const response = await transport.request(url);
    if (response.status !== 200) throw await responseError(response, `Get ${JSON.stringify(url.href)}`);
    return { chunks: chunksOf(response.chunks(), url), [Symbol.asyncDispose]: () => transport.close() };
  } catch (error) {
    await transport.close();
    throw error;
  }
}

async function* chunksOf(body: AsyncIterable<Buffer>, url: URL): AsyncGenerator<Buffer, void> {
  try {
    for await (const chunk of body) yield chunk;
  } catch (error) {
    throw connectionError(error, "GET", url);
  }
}
