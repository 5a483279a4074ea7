/** What a request carries that must never be shown. */
export interface SecretsOfRequest {
  /** An Authorization header. */
  readonly authorization?: string | undefined;
  /** A form, perhaps with a refresh token. */
  readonly body?: unknown;
}

/** Shorter ones would tear holes into honest words, and are no secrets. */
const shortestSecret = 4;
const secretFields = ["refresh_token", "password"];

/** Replaces the credentials of a request wherever they stand in a text. */
export function redactSecrets(text: string, request: SecretsOfRequest): string {
  let redacted = text;
  for (const secret of secretsOf(request)) {
    if (secret.length < shortestSecret) continue;
    // Both as it is and as it stands in JSON.
    for (const written of [secret, JSON.stringify(secret).slice(1, -1)]) {
      redacted = redacted.replaceAll(written, "<redacted>");
    }
  }
  return redacted;
}

function secretsOf({ authorization, body }: SecretsOfRequest): string[] {
  const secrets: string[] = [];
  const [scheme, value] = authorization?.split(" ", 2) ?? [];
  if (value !== undefined) secrets.push(value);
  if (scheme === "Basic" && value !== undefined) {
    const pair = Buffer.from(value, "base64").toString("utf8");
    secrets.push(pair, pair.slice(pair.indexOf(":") + 1));
  }
  if (typeof body === "string") {
    const form = new URLSearchParams(body);
    secrets.push(...secretFields.flatMap((field) => form.get(field) ?? []));
  }
  return secrets;
}
