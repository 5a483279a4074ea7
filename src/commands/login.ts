import { defineCommand } from "../cli/command.ts";
import { isTerminal, type Output } from "../cli/output.ts";
import { promptLine, promptSecret, readAllInput } from "../cli/prompt.ts";
import { openSpinner } from "../cli/spinner.ts";
import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import {
  findLogin,
  type LoginOptions,
  type LoginTarget,
  parseLoginTarget,
  login as signIn,
  tryCredentials,
} from "../image/login.ts";
import { readSecret } from "../secret/secrets.ts";
import { authFileOptions, readAuthFileFlags } from "./auth-file-options.ts";

export const login = defineCommand({
  usage: "[options] [REGISTRY]",
  summary: "Log in to a container registry",
  description: "Stores a user name and password for a registry, after the registry has accepted them.",
  examples: ["dhow login quay.io", "dhow login -u alice --password-stdin registry.example:5000/team < secret"],
  options: {
    ...authFileOptions,
    "cert-dir": {
      type: "string",
      describe: "Use certificates at the specified path to access the registry",
      complete: "files",
    },
    "get-login": { type: "boolean", describe: "Return the current login user for the registry" },
    password: { type: "string", short: "p", describe: "Password for registry" },
    "password-stdin": { type: "boolean", describe: "Take the password from stdin" },
    secret: {
      type: "string",
      describe: "Take the password from a secret; its name is the user's, too, without --username",
    },
    "tls-verify": {
      type: "boolean",
      default: true,
      describe: "Require HTTPS and verify certificates when contacting registries",
    },
    username: { type: "string", short: "u", describe: "Username for registry" },
    verbose: { type: "boolean", short: "v", describe: "Write more detailed information to stdout" },
  },
  operands: { max: 1 },
  // Keychains belong to the plain user: in the user's namespace a program looks like root to them.
  needsNamespace: (changed) => changed.has("secret"),
  async run({ options: given, operands, changed }, context) {
    const { globals, out } = context;
    const options = given.secret === undefined ? given : withSecret(given, given.secret, context.engine);
    const choice = readAuthFileFlags(options);
    const target = parseLoginTarget(operands[0]);
    const known = await findLogin(target, choice);
    if (options["get-login"]) {
      if (!known?.username) throw new DhowError(`not logged into ${target.key}`, { kind: "not-found" });
      out.line(known.username);
      return;
    }
    const settings: LoginOptions = {
      ...choice,
      tlsVerify: changed("tls-verify") ? options["tls-verify"] : undefined,
      certDir: options["cert-dir"],
      showLongStep: openSpinner({ quiet: false, logLevel: globals.logLevel }),
    };
    const password = readPassword(options);
    // Scripts have their reasons, and their output is compared: who types it is told.
    if (changed("password") && isTerminal(2)) out.warn(exposedPassword);
    if (options.username === undefined && password === undefined && (known?.password || known?.identityToken)) {
      if (await isStillValid(target, { known, settings, out })) return;
    }
    const username = options.username ?? askUsername(known?.username);
    const account = { username: username.trim(), password: password ?? (await promptSecret("Password: ")) };
    const place = await signIn(target, account, settings);
    if (options.verbose) out.line(`Used:  ${place}`);
    out.line("Login Succeeded!");
  },
});

/** @throws {DhowError} `not-found`; `invalid-argument` beside another password. */
function withSecret<Flags extends { password: string | undefined; username: string | undefined }>(
  flags: Flags,
  name: string,
  engine: Pick<Engine, "secrets">,
): Flags {
  if (flags.password !== undefined)
    throw new DhowError("--secret can not be used with --password options", { kind: "invalid-argument" });
  const { content } = readSecret(engine, name);
  return { ...flags, username: flags.username ?? name, password: content.toString("utf8").replace(/\r?\n$/, "") };
}

const exposedPassword =
  "--password can be seen by other users of this machine and stays in the shell's history: use --password-stdin";

interface PasswordFlags {
  readonly password: string | undefined;
  readonly "password-stdin": boolean;
  readonly username: string | undefined;
}

function readPassword({ password, username, "password-stdin": fromStdin }: PasswordFlags): string | undefined {
  if (!fromStdin) return password;
  if (password !== undefined)
    throw new DhowError("can't specify both --password-stdin and --password", { kind: "invalid-argument" });
  if (username === undefined)
    throw new DhowError("must provide --username with --password-stdin", { kind: "invalid-argument" });
  return readAllInput().replace(/\r?\n/g, "");
}

async function isStillValid(
  target: LoginTarget,
  { known, settings, out }: { known: Parameters<typeof tryCredentials>[1]; settings: LoginOptions; out: Output },
): Promise<boolean> {
  out.line(`Authenticating with existing credentials for ${target.key}`);
  try {
    await tryCredentials(target, known, settings);
    out.line(`Existing credentials are valid. Already logged in to ${target.registry}`);
    return true;
  } catch (error) {
    if (!(error instanceof DhowError)) throw error;
    out.line("Existing credentials are invalid, please enter valid username and password");
    return false;
  }
}

function askUsername(known: string | undefined): string {
  const answer = promptLine(known ? `Username (${known}): ` : "Username: ").trim();
  return answer || (known ?? "");
}
