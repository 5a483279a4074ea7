import { DhowError, type ErrorKind } from "../errors.ts";
import type { TransportResponse } from "./transport.ts";

/** Enough for any honest error; the rest of a larger body is not even read. */
const bodyLimit = 64 << 10;
const longestMessage = 400;

/**
 * Turns an answer that is not a success into one sentence: the registry's own first error ("manifest unknown",
 * "unauthorized: authentication required"), else the status and the beginning of the body. Reads the body.
 * @param doing What was attempted, in podman's words: "reading manifest latest in localhost:5000/x".
 */
export async function responseError(response: TransportResponse, doing: string): Promise<DhowError> {
  const text = await readQuietly(response);
  // Once more: the text of a JSON document is not what its strings say.
  const reason = response.redact(describe(response.status, text));
  return new DhowError(`${doing}: ${reason}`, { kind: kindOf(response.status), ...hintFor(response.status) });
}

function kindOf(status: number): ErrorKind {
  if (status === 401 || status === 403) return "permission-denied";
  if (status === 404) return "not-found";
  return "unavailable";
}

function hintFor(status: number): { hint?: string } {
  if (status === 401 || status === 403)
    return { hint: "check the name, and sign in with 'dhow login' if the image is not public" };
  return {};
}

async function readQuietly(response: TransportResponse): Promise<string> {
  try {
    return response.redact((await response.bytes(bodyLimit)).toString("utf8"));
  } catch {
    return "";
  }
}

function describe(status: number, body: string): string {
  const reported = findReportedError(body);
  if (reported !== undefined) return reported;
  if (status === 429) return "too many requests to registry";
  if (status === 401 && body.trim() === "") return "authentication required";
  if (body.trim() === "") return `received unexpected HTTP status: ${status}`;
  return `StatusCode: ${status}, ${JSON.stringify(clean(body, 50))}`;
}

/** The first error of `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}`, or `{"details":"..."}` of token servers. */
function findReportedError(body: string): string | undefined {
  let document: { errors?: { code?: unknown; message?: unknown }[]; details?: unknown; message?: unknown };
  try {
    document = JSON.parse(body);
  } catch {
    return undefined;
  }
  const first = Array.isArray(document?.errors) ? document.errors[0] : undefined;
  const code = typeof first?.code === "string" ? clean(first.code, 60).toLowerCase().replaceAll("_", " ") : "";
  const message = [first?.message, document?.details, document?.message].find(
    (text) => typeof text === "string" && text !== "",
  );
  const text = typeof message === "string" ? clean(message, longestMessage) : "";
  if (code !== "" && text !== "" && text.toLowerCase() !== code) return `${code}: ${text}`;
  return code || text || undefined;
}

/** One line without control characters: what a server says goes to a terminal. */
function clean(text: string, limit: number): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
  return line.length > limit ? `${line.slice(0, limit)}...` : line;
}
