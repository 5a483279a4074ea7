import { DhowError, errnoOf } from "../errors.ts";

type Reason = { readonly text: string; readonly hint?: string; readonly retry?: true; readonly isRefusal?: true };

/** Error codes of sockets, of TLS and of the HTTP client, in the words that Go programs use for them. */
const reasons: Readonly<
  Record<
    string,
    (error: NodeJS.ErrnoException & { address?: string; port?: number; hostname?: string }, url: URL) => Reason
  >
> = {
  ECONNREFUSED: (error) => ({ text: `dial tcp ${endpointOf(error)}: connect: connection refused`, isRefusal: true }),
  ENOTFOUND: (error, url) => ({ text: `dial tcp: lookup ${error.hostname ?? url.hostname}: no such host` }),
  EAI_AGAIN: (error, url) => ({
    text: `dial tcp: lookup ${error.hostname ?? url.hostname}: temporary failure in name resolution`,
    hint: "check the network connection and /etc/resolv.conf",
    retry: true,
  }),
  ENETUNREACH: (error) => ({ text: `dial tcp ${endpointOf(error)}: connect: network is unreachable`, isRefusal: true }),
  EHOSTUNREACH: (error) => ({ text: `dial tcp ${endpointOf(error)}: connect: no route to host`, isRefusal: true }),
  ETIMEDOUT: () => ({ text: "dial tcp: i/o timeout", retry: true }),
  UND_ERR_CONNECT_TIMEOUT: () => ({ text: "dial tcp: i/o timeout", retry: true }),
  UND_ERR_HEADERS_TIMEOUT: () => ({ text: "the server did not answer in time", retry: true }),
  UND_ERR_BODY_TIMEOUT: () => ({ text: "the server stopped sending data", retry: true }),
  UND_ERR_SOCKET: () => ({ text: "the server closed the connection", retry: true }),
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: () => ({ text: "unexpected EOF", retry: true }),
  UND_ERR_HEADERS_OVERFLOW: () => ({ text: "the server's response header is too large" }),
  ECONNRESET: () => ({ text: "connection reset by peer", retry: true }),
  EPIPE: () => ({ text: "broken pipe", retry: true }),
  ERR_SSL_WRONG_VERSION_NUMBER: (_, url) => ({
    text: "http: server gave HTTP response to HTTPS client",
    hint: `if ${url.host} really speaks plain http, use --tls-verify=false, or set insecure = true for it in registries.conf`,
  }),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  CERT_HAS_EXPIRED: () => certificate("certificate has expired or is not yet valid"),
  CERT_NOT_YET_VALID: () => certificate("certificate has expired or is not yet valid"),
  CERT_REVOKED: () => certificate("certificate has been revoked"),
  ERR_TLS_CERT_ALTNAME_INVALID: (_, url) => certificate(`certificate is not valid for ${url.hostname}`),
};

/** Whether trying again may help. Refused connections and bad certificates stay as they are. */
export function isTransient(error: unknown): boolean {
  return describe(error, new URL("http://unknown"))?.retry === true;
}

const refusals = new WeakSet<Error>();

/**
 * Whether an error of {@link connectionError} says that nothing could be reached at the address: it stays so, unless somebody
 * is about to start what should be there.
 */
export function isRefused(error: unknown): boolean {
  return error instanceof Error && refusals.has(error);
}

/** An `unavailable` DhowError for a request that got no answer: `Get "URL": why`. */
export function connectionError(error: unknown, method: string, url: URL): DhowError {
  if (error instanceof DhowError) return error;
  const reason = describe(error, url);
  const text = reason?.text ?? (error instanceof Error ? error.message : String(error));
  const explained = new DhowError(`${titleCase(method)} ${JSON.stringify(printable(url))}: ${text}`, {
    kind: "unavailable",
    // What the code says is in the message already; anything else keeps its story.
    ...(reason === undefined ? { cause: error } : {}),
    ...(reason?.hint === undefined ? {} : { hint: reason.hint }),
  });
  if (reason?.isRefusal) refusals.add(explained);
  return explained;
}

/** Signed URLs of content networks carry their secret in the query. */
export function printable(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

function describe(error: unknown, url: URL): Reason | undefined {
  // A host with several addresses fails with one error for each.
  const first = error instanceof AggregateError ? (error.errors.at(-1) as unknown) : error;
  const code = tlsCode(first) ?? errnoOf(first);
  const known = code === undefined ? undefined : reasons[code];
  if (known) return known(first as NodeJS.ErrnoException, url);
  return first instanceof Error && first.cause !== undefined ? describe(first.cause, url) : undefined;
}

/** OpenSSL's failures have one code in Node, and say in the text what they are. */
function tlsCode(error: unknown): string | undefined {
  return error instanceof Error && /wrong version number|packet length too long|http request/i.test(error.message)
    ? "ERR_SSL_WRONG_VERSION_NUMBER"
    : undefined;
}

function unknownAuthority(_: unknown, url: URL): Reason {
  return {
    ...certificate("certificate signed by unknown authority"),
    hint: `put the registry's CA into ~/.config/containers/certs.d/${url.host}/ca.crt, or use --tls-verify=false`,
  };
}

function certificate(text: string): Reason {
  return { text: `tls: failed to verify certificate: x509: ${text}` };
}

function endpointOf({ address, port }: { address?: string; port?: number }): string {
  if (address === undefined) return "";
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

function titleCase(method: string): string {
  return method.slice(0, 1) + method.slice(1).toLowerCase();
}
