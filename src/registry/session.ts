import { DhowError } from "../errors.ts";
import { defaultRegistry, type Reference } from "../oci/reference.ts";
import { type Authenticator, createAuthenticator } from "./auth.ts";
import { loadCertificates } from "./certificates.ts";
import { isRefused } from "./connection-error.ts";
import type { Credentials } from "./credentials.ts";
import { responseError } from "./response-error.ts";
import { type RetryPolicy, waitBeforeRetry } from "./retry.ts";
import { openTransport, type RequestOptions, type Transport, type TransportResponse } from "./transport.ts";

export interface RegistrySettings {
  /** Plain http and unchecked certificates are allowed: https is tried first. */
  readonly insecure: boolean;
  /** Undefined: anonymous. */
  readonly credentials: Credentials | undefined;
  readonly certDir?: string | undefined;
  readonly retry: RetryPolicy;
  /** As {@link TransportSettings}. */
  readonly idleTimeoutMs?: number | undefined;
}

/** A connection to a registry that is known to answer. Its transport must be closed. */
export interface Session {
  readonly transport: Transport;
  readonly authenticator: Authenticator;
  readonly base: URL;
  readonly retry: RetryPolicy;
}

/** Docker Hub answers at another address than its name says. */
const addresses: Readonly<Record<string, string>> = { [defaultRegistry]: "registry-1.docker.io" };
/**
 * Connects to a registry and learns how it wants to be signed in to.
 * @param registry `host[:port]`.
 * @throws {DhowError} `unavailable` with podman's "pinging container registry ...".
 */
export async function openSession(registry: string, settings: RegistrySettings): Promise<Session> {
  const host = addresses[registry] ?? registry;
  const { insecure, credentials, retry, idleTimeoutMs } = settings;
  const certificates = loadCertificates(registry, settings.certDir);
  const transport = openTransport({ host, insecure, certificates, retry, idleTimeoutMs });
  const authenticator = createAuthenticator({ transport, credentials, allowPlainHttp: insecure });
  try {
    return { transport, authenticator, retry, base: await ping({ transport, authenticator, insecure, host, retry }) };
  } catch (error) {
    await transport.close();
    if (!(error instanceof DhowError)) throw error;
    throw new DhowError(`pinging container registry ${host}`, { kind: error.kind, cause: error, ...hintOf(error) });
  }
}

interface PingOptions {
  readonly transport: Transport;
  readonly authenticator: Authenticator;
  readonly insecure: boolean;
  readonly host: string;
  readonly retry: RetryPolicy;
}

/**
 * A registry that is about to start is waited for if the user wants that. It may speak either scheme: both are tried anew.
 * @returns The registry's base URL: https, or http if that is allowed and https does not work.
 */
async function ping(options: PingOptions): Promise<URL> {
  const { retry, insecure } = options;
  for (let attempt = 0; ; attempt++) {
    try {
      const secure = pingScheme("https", options);
      return await (insecure ? secure.catch(() => pingScheme("http", options)) : secure);
    } catch (error) {
      const isWorthIt = retry.isAskedFor && attempt < retry.retries && isRefused(error);
      if (!isWorthIt || !(error instanceof DhowError)) throw error;
      retry.onRefused?.({ error, delayMs: retry.delayMs, attempt: attempt + 1 });
      await waitBeforeRetry(retry, attempt);
    }
  }
}

async function pingScheme(scheme: string, { transport, authenticator, host, insecure }: PingOptions): Promise<URL> {
  const url = URL.parse(`${scheme}://${host}/v2/`);
  if (!url) throw new DhowError("its name is no valid address or its port too large", { kind: "invalid-argument" });
  // Where http comes next, waiting for https to get better helps nobody.
  const response = await transport.request(url, insecure && scheme === "https" ? { retry: false } : {});
  if (response.status !== 200 && response.status !== 401)
    throw await responseError(response, `Get ${JSON.stringify(url.href)}`);
  authenticator.challenge(response.header("www-authenticate"));
  await response.discard();
  return url;
}

/** Sends a request with what the registry wants for the scope. A token that it does not accept any more is renewed once. */
export async function requestSignedIn(
  { transport, authenticator, base }: Session,
  path: string | URL,
  scope: string,
  options: Omit<RequestOptions, "authorization">,
): Promise<TransportResponse> {
  const url = new URL(path, base);
  // Where an upload goes on may be another host, which is not to see the credentials.
  if (url.origin !== base.origin) return transport.request(url, options);
  const response = await transport.request(url, {
    ...options,
    authorization: await authenticator.authorization(scope),
  });
  const challenge = response.header("www-authenticate");
  // Another host's challenge must not make us send it anything.
  if (response.status !== 401 || challenge === undefined || response.url.origin !== base.origin) return response;
  authenticator.challenge(challenge);
  const authorization = await authenticator.authorization(scope);
  if (authorization === undefined) return response;
  await response.discard();
  return transport.request(url, { ...options, authorization });
}

/** What reading from a repository takes. */
export function pullScope({ repository }: Reference): string {
  return `repository:${repository}:pull`;
}

/** What writing to a repository takes, and mounting blobs of another one. Several scopes are divided by a space. */
export function pushScope({ repository }: Reference, mountFrom?: string): string {
  const own = `repository:${repository}:pull,push`;
  return mountFrom === undefined ? own : `${own} repository:${mountFrom}:pull`;
}

function hintOf({ hint }: DhowError): { hint?: string } {
  return hint === undefined ? {} : { hint };
}
