import { readFileSync } from "node:fs";
import { DhowError } from "../errors.ts";
import { getVariable } from "../system/environment.ts";
import { installationFile } from "../system/installation.ts";
import { findProgram, shellQuote, startProgram } from "../system/process.ts";

/** One end of a copy: whose store, and which image there. */
export interface StorePlace {
  /** Undefined: the store of the user who runs this. */
  readonly host: SshHost | LocalUser | undefined;
  readonly image: string | undefined;
}

interface LocalUser {
  readonly kind: "user";
  readonly name: string;
}

interface SshHost {
  readonly kind: "ssh";
  /** As ssh(1) takes it: `user@host`. */
  readonly destination: string;
  readonly port: string | undefined;
}

/**
 * Reads `IMAGE`, `HOST::IMAGE` or `HOST::`. A host is `[ssh://][USER@]NAME[:PORT]`; `USER@localhost` means another user of this machine.
 * @throws {DhowError} `invalid-argument`.
 */
export function parseStorePlace(text: string): StorePlace {
  const split = text.indexOf("::");
  if (split < 0) return { host: undefined, image: text };
  const image = text.slice(split + 2) || undefined;
  const match = /^(?:ssh:\/\/)?(?:([\w.-]+)@)?([A-Za-z0-9][\w.-]*)(?::(\d+))?$/.exec(text.slice(0, split));
  if (!match) throw invalid(`invalid host in ${JSON.stringify(text)}: it is written USER@HOST::`);
  const [, user, name = "", port] = match;
  if (name === "localhost" && user !== undefined && port === undefined) {
    return { host: { kind: "user", name: user }, image };
  }
  return { host: { kind: "ssh", destination: user === undefined ? name : `${user}@${name}`, port }, image };
}

export interface ScpOptions {
  readonly quiet: boolean;
  readonly format: "docker-archive" | "oci-archive";
}

/**
 * Copies an image from one store to another: saved there, loaded here, with nothing in between but a pipe.
 * @throws {DhowError} `invalid-argument` if there is nothing to be copied, `unavailable` if one end fails; it has said why on stderr.
 */
export async function copyBetweenStores(source: StorePlace, target: StorePlace, options: ScpOptions): Promise<void> {
  const { image } = source;
  if (image === undefined) throw invalid("must specify an image to copy");
  if (target.image !== undefined) throw invalid("cannot specify an image rename");
  if (source.host === undefined && target.host === undefined) {
    throw invalid("must specify a destination: USER@HOST:: or USER@localhost::");
  }
  const saving = commandAt(source, ["save", "--format", options.format, image]);
  const loading = commandAt(target, ["load", ...(options.quiet ? ["--quiet"] : [])]);
  const save = startProgram(saving, { stdio: ["inherit", "pipe", "inherit"] });
  const load = startProgram(loading, { stdio: ["pipe", options.quiet ? "ignore" : "inherit", "inherit"] });
  if (load.stdin) save.stdout?.pipe(load.stdin);
  // What is wrong with the other end shows in its exit code.
  load.stdin?.on("error", () => save.kill("SIGTERM"));
  const [saved, loaded] = await Promise.all([endOf(save), endOf(load)]);
  if (saved !== 0) throw new DhowError(`saving ${image} failed`, { kind: "unavailable" });
  if (loaded !== 0) throw new DhowError(`loading ${image} failed`, { kind: "unavailable" });
}

function endOf(child: ReturnType<typeof startProgram>): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", (cause) => reject(new DhowError("cannot start a program", { kind: "unavailable", cause })));
    child.once("close", (code) => resolve(code ?? 1));
  });
}

function commandAt({ host }: StorePlace, args: readonly string[]): [string, ...string[]] {
  if (host === undefined) return [installationFile("bin/dhow"), ...args];
  return host.kind === "user" ? commandAsUser(host.name, args) : commandOverSsh(host, args);
}

/** Root becomes the user, everybody else asks sudo. The user's own environment counts: that is where their store is. */
function commandAsUser(name: string, args: readonly string[]): [string, ...string[]] {
  const dhow = [installationFile("bin/dhow"), ...args];
  const [, uid, gid] = accountOf(name);
  if (process.getuid?.() === 0 && getVariable("DHOW_IN_NAMESPACE") === undefined) {
    return ["setpriv", "--reuid", uid, "--regid", gid, "--init-groups", "--reset-env", ...dhow];
  }
  if (findProgram("sudo") === undefined) {
    throw new DhowError(`cannot become user ${name}: sudo is not installed`, { kind: "unavailable" });
  }
  return ["sudo", "--login", "--user", name, "--", ...dhow];
}

function accountOf(name: string): [name: string, uid: string, gid: string] {
  for (const line of readFileSync("/etc/passwd", "utf8").split("\n")) {
    const [known = "", , uid, gid] = line.split(":");
    if (known === name && uid !== undefined && gid !== undefined) return [known, uid, gid];
  }
  throw new DhowError(`unknown user ${JSON.stringify(name)}`, { kind: "not-found" });
}

/** The other host has dhow, or else Podman: the archive is the same. */
function commandOverSsh({ destination, port }: SshHost, args: readonly string[]): [string, ...string[]] {
  const words = shellQuote(args);
  const script = `if command -v dhow >/dev/null; then exec dhow ${words}; else exec podman ${words}; fi`;
  return ["ssh", ...(port === undefined ? [] : ["-p", port]), "--", destination, script];
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
