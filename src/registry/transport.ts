import type { Readable } from "node:stream";
// biome-ignore lint/style/noRestrictedImports: this file is the door
import { Agent, type Dispatcher, ProxyAgent, request as send } from "undici";
import { DhowError } from "../errors.ts";
import { getVariable } from "../system/environment.ts";
import type { Certificates } from "./certificates.ts";
import { connectionError, isTransient, printable } from "./connection-error.ts";
import { findProxy } from "./proxy.ts";
import { redactSecrets } from "./redact.ts";
import { type RetryPolicy, waitBeforeRetry } from "./retry.ts";

/** The door to HTTP: keep-alive, TLS, proxies, redirects and retries for one registry and the hosts that it sends us to. */
export interface Transport {
  /**
   * Sends a request and follows redirects. Answers of every status are returned; connection errors, 429 and 5xx are tried
   * again first (GET and HEAD only, unless `retry` says so). The body of the response must be read or discarded.
   * @throws {DhowError} `unavailable` if there is no answer.
   */
  request(url: URL, options?: RequestOptions): Promise<TransportResponse>;
  /** Closes all connections at once. */
  close(): Promise<void>;
}

export interface RequestOptions {
  readonly method?: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent to the origin of the URL alone: never to the host that a redirect names. */
  readonly authorization?: string | undefined;
  /** A function is called for each time that the request is sent; it is given `content-length` as a header. */
  readonly body?: string | Uint8Array | (() => Readable);
  readonly signal?: AbortSignal | undefined;
  /** False: the first answer or error counts. True: sending it twice does no harm. */
  readonly retry?: boolean;
  /** How long the answer may take, where that is longer than the silence that is waited out otherwise. */
  readonly answerTimeoutMs?: number;
}

export interface TransportResponse {
  readonly status: number;
  /** The URL that answered, after redirects. */
  readonly url: URL;
  /** Takes the credentials that the request carried out of a text: a server may repeat them in its complaints. */
  redact(text: string): string;
  /** A header by its lower-case name; several of one name are joined with ", ". */
  header(name: string): string | undefined;
  /** The body, piece by piece. @throws {DhowError} `unavailable` if it comes so slowly that it would never end. */
  chunks(): AsyncIterable<Buffer>;
  /**
   * Reads the whole body.
   * @throws {DhowError} `corrupt` if it is longer than that, `unavailable` if the connection breaks.
   */
  bytes(limit: number): Promise<Buffer>;
  /** Drops the body, so that the connection is free for the next request. */
  discard(): Promise<void>;
  /** Gives the body up wherever it is, and the connection with it. */
  abandon(): void;
}

export interface TransportSettings {
  /** `host[:port]` of the registry: the only one that is shown the client certificate. */
  readonly host: string;
  /** Certificates are not checked, and redirects from https to http are followed. */
  readonly insecure: boolean;
  readonly certificates: Certificates;
  readonly retry: RetryPolicy;
  /**
   * The longest silence that is waited out, before the answer and within it. Default: DHOW_REGISTRY_TIMEOUT (seconds), or else
   * a minute.
   */
  readonly idleTimeoutMs?: number | undefined;
}

const connectTimeoutMs = 30_000;
const longestTimerMs = 2 ** 31 - 1;
const defaultIdleTimeoutMs = 60_000;
/** Who sends less than this within the time of the longest silence is not slow, but keeps us from noticing a silence. */
const fewestBytes = 1000;
const maxRedirects = 10;
const retriedStatuses: readonly number[] = [429, 500, 502, 503, 504];
const redirectStatuses: readonly number[] = [301, 302, 303, 307, 308];

export function openTransport(given: TransportSettings): Transport {
  const settings = { ...given, idleTimeoutMs: given.idleTimeoutMs ?? readIdleTimeout() };
  const dispatchers = new Map<string, Dispatcher>();
  const dispatcherFor = (url: URL): Dispatcher => {
    const proxy = findProxy(url);
    const key = `${url.host === settings.host} ${proxy?.href ?? ""}`;
    const dispatcher = dispatchers.get(key) ?? openDispatcher(settings, url, proxy);
    dispatchers.set(key, dispatcher);
    return dispatcher;
  };
  return {
    async request(url, options = {}) {
      let target = url;
      for (let hop = 0; hop <= maxRedirects; hop++) {
        const response = await requestPatiently(dispatcherFor(target), target, settings, {
          ...options,
          authorization: target.origin === url.origin ? options.authorization : undefined,
        });
        const location = response.header("location");
        if (!redirectStatuses.includes(response.status) || location === undefined) return response;
        await response.discard();
        target = followRedirect(target, location, settings.insecure);
      }
      throw new DhowError(`Get ${JSON.stringify(printable(url))}: stopped after ${maxRedirects} redirects`, {
        kind: "unavailable",
      });
    },
    async close() {
      await Promise.all([...dispatchers.values()].map((dispatcher) => dispatcher.destroy()));
    },
  };
}

/** @throws {DhowError} `invalid-argument` if the variable is not a number of seconds. */
function readIdleTimeout(): number {
  const text = getVariable("DHOW_REGISTRY_TIMEOUT");
  if (text === undefined) return defaultIdleTimeoutMs;
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds > 0) return Math.min(seconds * 1000, longestTimerMs);
  throw new DhowError(`DHOW_REGISTRY_TIMEOUT is ${JSON.stringify(text)}, not a number of seconds`, {
    kind: "invalid-argument",
  });
}

type Settings = TransportSettings & { readonly idleTimeoutMs: number };

function openDispatcher(
  { host, insecure, certificates, idleTimeoutMs }: Settings,
  url: URL,
  proxy: URL | undefined,
): Dispatcher {
  const { authorities, client } = certificates;
  const tls = {
    timeout: Math.min(connectTimeoutMs, idleTimeoutMs),
    rejectUnauthorized: !insecure,
    ...(authorities === undefined ? {} : { ca: [...authorities] }),
    ...(client === undefined || url.host !== host ? {} : { cert: client.certificate, key: client.key }),
  };
  // HTTP/2 has no gain for a few large downloads, and one broken connection would break them all.
  const common = { allowH2: false, headersTimeout: idleTimeoutMs, bodyTimeout: idleTimeoutMs, connect: tls };
  if (proxy === undefined) return new Agent(common);
  return new ProxyAgent({ ...common, uri: proxy.href, requestTls: tls });
}

/** @throws {DhowError} `permission-denied` for a redirect that leaves TLS or HTTP. */
function followRedirect(from: URL, location: string, insecure: boolean): URL {
  const target = URL.parse(location, from.href);
  const isWeb = target?.protocol === "https:" || target?.protocol === "http:";
  const isDowngrade = from.protocol === "https:" && target?.protocol === "http:";
  if (!target || !isWeb || (isDowngrade && !insecure)) {
    throw new DhowError(
      `refused to follow the redirect of ${from.host} to ${target ? printable(target) : "an invalid address"}`,
      {
        kind: "permission-denied",
        ...(isDowngrade ? { hint: "it leads from https to http; --tls-verify=false allows that" } : {}),
      },
    );
  }
  target.username = "";
  target.password = "";
  return target;
}

async function requestPatiently(
  dispatcher: Dispatcher,
  url: URL,
  { retry: policy, idleTimeoutMs }: Settings,
  options: RequestOptions,
): Promise<TransportResponse> {
  const isIdempotent = options.method === undefined || options.method === "GET" || options.method === "HEAD";
  const retries = (options.retry ?? isIdempotent) ? policy.retries : 0;
  for (let attempt = 0; ; attempt++) {
    let retryAfter: string | undefined;
    try {
      const response = await requestOnce(dispatcher, url, { ...options, idleTimeoutMs });
      if (attempt >= retries || !retriedStatuses.includes(response.status)) return response;
      retryAfter = response.header("retry-after");
      await response.discard();
    } catch (error) {
      options.signal?.throwIfAborted();
      if (attempt >= retries || !isTransient(error)) throw connectionError(error, options.method ?? "GET", url);
    }
    await waitBeforeRetry(policy, attempt, { retryAfter, signal: options.signal });
  }
}

async function requestOnce(
  dispatcher: Dispatcher,
  url: URL,
  options: RequestOptions & { readonly idleTimeoutMs: number },
): Promise<TransportResponse> {
  const method = options.method ?? "GET";
  const body = typeof options.body === "function" ? options.body() : options.body;
  const {
    statusCode,
    headers,
    body: answer,
  } = await send(url, {
    dispatcher,
    method,
    headers: {
      "user-agent": "dhow",
      "accept-encoding": "identity",
      ...options.headers,
      ...(options.authorization === undefined ? {} : { authorization: options.authorization }),
    },
    ...(body === undefined ? {} : { body }),
    ...(options.answerTimeoutMs === undefined ? {} : { headersTimeout: options.answerTimeoutMs }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return {
    status: statusCode,
    url,
    redact: (text) => redactSecrets(text, options),
    header: (name) => {
      const value = headers[name];
      return Array.isArray(value) ? value.join(", ") : value;
    },
    chunks: () => atFairPace(answer, { url, windowMs: options.idleTimeoutMs }),
    bytes: (limit) => readBody(atFairPace(answer, { url, windowMs: options.idleTimeoutMs }), limit, { method, url }),
    discard: () => answer.dump({ limit: 64 << 10 }),
    abandon() {
      // Destroyed before its end, it fails once more.
      answer.on("error", () => {});
      answer.destroy();
    },
  };
}

async function* atFairPace(
  body: Readable,
  { url, windowMs }: { readonly url: URL; readonly windowMs: number },
): AsyncGenerator<Buffer, void> {
  let [since, bytes] = [Date.now(), 0];
  for await (const chunk of body as AsyncIterable<Buffer>) {
    yield chunk;
    bytes += chunk.length;
    // A longer time is the consumer's: it was not here to read.
    if (bytes >= fewestBytes) [since, bytes] = [Date.now(), 0];
    else if (Date.now() - since > windowMs) {
      throw new DhowError(
        `the answer of ${url.host} is too slow: less than ${fewestBytes} bytes in ${windowMs / 1000} s`,
        {
          kind: "unavailable",
        },
      );
    }
  }
}

async function readBody(
  body: AsyncIterable<Buffer>,
  limit: number,
  { method, url }: { method: string; url: URL },
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of body) {
      length += chunk.length;
      if (length > limit)
        throw new DhowError(`the answer of ${url.host} is larger than ${limit} bytes`, { kind: "corrupt" });
      chunks.push(chunk);
    }
  } catch (error) {
    throw connectionError(error, method, url);
  }
  return Buffer.concat(chunks);
}
