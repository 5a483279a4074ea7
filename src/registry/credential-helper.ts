import { DhowError } from "../errors.ts";
import { findProgram, type RunResult, tryRunAsync } from "../system/process.ts";

/** Speaks with `docker-credential-NAME` programs, which keep secrets in a keychain. */
export interface HelperCredentials {
  /** `<token>` says that the secret is an identity token. */
  readonly username: string;
  readonly secret: string;
}

/** Whether the program of that name is installed. */
export function hasCredentialHelper(name: string): boolean {
  return isHelperName(name) && findProgram(programOf(name)) !== undefined;
}

/**
 * @returns Undefined if the helper knows nothing about the server.
 * @throws {DhowError} `unavailable` if the helper is missing or fails.
 */
export async function getFromHelper(name: string, server: string): Promise<HelperCredentials | undefined> {
  const result = await runHelper(name, "get", server);
  if (result.exitCode !== 0) {
    // The protocol has no other way of saying so than this sentence.
    if (/credentials not found|no credentials server URL|no such/i.test(result.stdout)) return undefined;
    throw helperFailure(name, "get", result);
  }
  try {
    const { Username: username, Secret: secret } = JSON.parse(result.stdout) as {
      Username?: unknown;
      Secret?: unknown;
    };
    if (typeof username === "string" && typeof secret === "string")
      return secret === "" ? undefined : { username, secret };
  } catch {
    // Said below, without the output: it may hold a secret.
  }
  throw invalidAnswer(name);
}

/** @throws {DhowError} `unavailable`. */
export async function storeInHelper(
  name: string,
  server: string,
  { username, secret }: HelperCredentials,
): Promise<void> {
  const login = JSON.stringify({ ServerURL: server, Username: username, Secret: secret });
  const result = await runHelper(name, "store", login);
  if (result.exitCode === 0) return;
  const withoutSecret = (text: string) => (secret === "" ? text : text.replaceAll(secret, "..."));
  const said = { stdout: withoutSecret(result.stdout), stderr: withoutSecret(result.stderr) };
  throw helperFailure(name, "store", { ...result, ...said });
}

/** Idempotent. @throws {DhowError} `unavailable`. */
export async function eraseFromHelper(name: string, server: string): Promise<void> {
  const result = await runHelper(name, "erase", server);
  if (result.exitCode !== 0 && !/not found/i.test(result.stdout)) throw helperFailure(name, "erase", result);
}

/**
 * The servers that the helper knows a login for.
 * @throws {DhowError} `unavailable`, `corrupt`.
 */
export async function listInHelper(name: string): Promise<string[]> {
  const result = await runHelper(name, "list", "");
  if (result.exitCode !== 0) throw helperFailure(name, "list", result);
  try {
    const servers: unknown = JSON.parse(result.stdout);
    if (typeof servers === "object" && servers !== null && !Array.isArray(servers)) return Object.keys(servers);
  } catch {
    // Said below, without the output.
  }
  throw invalidAnswer(name);
}

async function runHelper(name: string, action: string, input: string): Promise<RunResult> {
  const program = isHelperName(name) ? findProgram(programOf(name)) : undefined;
  if (program === undefined) {
    throw new DhowError(`credential helper ${JSON.stringify(programOf(name))} is not installed`, {
      kind: "unavailable",
      hint: "install it, or remove it from credHelpers in your auth.json or ~/.docker/config.json",
    });
  }
  // A keychain may ask the user to unlock it first.
  return tryRunAsync([program, action], { input, timeoutMs: 60_000 });
}

/** A file that names helpers must not be able to start any program. */
function isHelperName(name: string): boolean {
  return /^[\w.-]+$/.test(name);
}

function programOf(name: string): string {
  return `docker-credential-${name}`;
}

function helperFailure(name: string, action: string, { stdout, stderr, exitCode }: RunResult): DhowError {
  const said = (stderr.trim() || stdout.trim() || `exit status ${exitCode}`).split("\n")[0]?.replace(/\p{Cc}/gu, " ");
  return new DhowError(`credential helper ${programOf(name)} ${action}: ${said?.slice(0, 300)}`, {
    kind: "unavailable",
  });
}

function invalidAnswer(name: string): DhowError {
  return new DhowError(`credential helper ${programOf(name)} answered with something that is not valid`, {
    kind: "corrupt",
  });
}
