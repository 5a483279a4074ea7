import { DhowError } from "../errors.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import type { Credentials } from "./credentials.ts";
import { responseError } from "./response-error.ts";
import type { Transport } from "./transport.ts";

/** Answers a registry's challenges: gives the Authorization header for its requests, and keeps tokens for this process. */
export interface Authenticator {
  /**
   * The header for requests that need `scope` (`repository:a/b:pull`, several divided by spaces, "" for none); undefined if the
   * registry asks for nothing.
   * @throws {DhowError} `permission-denied` if the token server refuses the credentials.
   */
  authorization(scope: string): Promise<string | undefined>;
  /** Takes note of the challenge in a 401 answer. Tokens got so far are forgotten. */
  challenge(wwwAuthenticate: string | undefined): void;
}

interface Token {
  readonly value: string;
  readonly expiresAtMs: number;
}

const tokenResponseLimit = 256 << 10;
const shortestLifetimeSeconds = 60;

/**
 * @param options.credentials Undefined: anonymous.
 * @param options.allowPlainHttp Whether credentials may go to a token server without TLS.
 */
export function createAuthenticator(options: {
  readonly transport: Transport;
  readonly credentials: Credentials | undefined;
  readonly allowPlainHttp: boolean;
}): Authenticator {
  let challenges: Challenge[] = [];
  const tokens = new Map<string, Promise<Token>>();
  return {
    challenge(header) {
      challenges = parseChallenges(header ?? "");
      tokens.clear();
    },
    async authorization(scope) {
      const bearer = challenges.find(({ scheme, parameters }) => scheme === "bearer" && parameters.realm);
      if (bearer === undefined) {
        return challenges.some(({ scheme }) => scheme === "basic")
          ? basicAuthorization(options.credentials)
          : undefined;
      }
      return `Bearer ${await currentToken(tokens, scope, () => requestToken(options, bearer, scope))}`;
    },
  };
}

/** A token that is still good. Whoever needs one while it is being requested waits for that; a failed request is not kept. */
async function currentToken(
  tokens: Map<string, Promise<Token>>,
  scope: string,
  request: () => Promise<Token>,
): Promise<string> {
  const known = tokens.get(scope);
  const token = known && (await known);
  if (token && token.expiresAtMs > Date.now()) return token.value;
  // Another flow may have seen that earlier.
  const current = tokens.get(scope);
  if (current !== undefined && current !== known) return (await current).value;
  const requested = request();
  tokens.set(scope, requested);
  requested.catch(() => tokens.delete(scope));
  return (await requested).value;
}

function basicAuthorization(credentials: Credentials | undefined): string | undefined {
  if (credentials === undefined || credentials.identityToken !== undefined) return undefined;
  return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64")}`;
}

/** @see https://distribution.github.io/distribution/spec/auth/token/ */
async function requestToken(
  { transport, credentials, allowPlainHttp }: Parameters<typeof createAuthenticator>[0],
  { parameters }: Challenge,
  scope: string,
): Promise<Token> {
  const realm = parseRealm(parameters.realm ?? "", credentials !== undefined && !allowPlainHttp);
  const service = parameters.service;
  const accept = { accept: "application/json" };
  const response =
    credentials?.identityToken === undefined
      ? await transport.request(withScopes(withQuery(realm, { account: credentials?.username, service }), scope), {
          headers: accept,
          authorization: basicAuthorization(credentials),
        })
      : await transport.request(realm, {
          method: "POST",
          headers: { ...accept, "content-type": "application/x-www-form-urlencoded" },
          body: withQuery(
            realm,
            {
              client_id: "dhow",
              grant_type: "refresh_token",
              refresh_token: credentials.identityToken,
              service,
              scope,
            },
            "",
          ).searchParams.toString(),
        });
  if (response.status === 401)
    throw await responseError(response, "unable to retrieve auth token: invalid username/password");
  if (response.status !== 200) throw await responseError(response, "requesting bearer token");
  return parseToken(await response.bytes(tokenResponseLimit), realm);
}

/** @throws {DhowError} `permission-denied` for a realm that is no web address, or one without TLS that credentials would go to. */
function parseRealm(realm: string, needsTls: boolean): URL {
  const url = URL.parse(realm);
  if (!url || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new DhowError(`invalid token server ${JSON.stringify(realm.slice(0, 200))} in the registry's challenge`, {
      kind: "corrupt",
    });
  }
  if (needsTls && url.protocol === "http:") {
    throw new DhowError(`refused to send credentials to the token server ${url.host} without TLS`, {
      kind: "permission-denied",
      hint: "--tls-verify=false allows that",
    });
  }
  url.username = "";
  url.password = "";
  return url;
}

function withQuery(base: URL, parameters: Readonly<Record<string, string | undefined>>, search = base.search): URL {
  const url = new URL(base);
  url.search = search;
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== "") url.searchParams.append(name, value);
  }
  return url;
}

/** Each scope is a parameter of its own. */
function withScopes(url: URL, scope: string): URL {
  for (const one of scope.split(" ")) if (one !== "") url.searchParams.append("scope", one);
  return url;
}

function parseToken(bytes: Buffer, { host }: URL): Token {
  let document: { token?: unknown; access_token?: unknown; expires_in?: unknown };
  try {
    document = JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw new DhowError(`the token server ${host} answered with something that is not JSON`, {
      kind: "corrupt",
      cause,
    });
  }
  const value = document?.token || document?.access_token;
  if (typeof value !== "string" || !/^[\x21-\x7e]+$/.test(value)) {
    throw new DhowError(`the token server ${host} sent no valid token`, { kind: "corrupt" });
  }
  const { expires_in: lifetime } = document;
  const seconds = Math.max(typeof lifetime === "number" ? lifetime : 0, shortestLifetimeSeconds);
  // Given up a little early: a token must not expire on its way.
  return { value, expiresAtMs: Date.now() + (seconds - 10) * 1000 };
}
