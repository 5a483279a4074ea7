import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import { childEnvironment } from "../system/environment.ts";
import { findProgram, runWithBytes } from "../system/process.ts";

/** Where the content of secrets is kept. */
export interface SecretDriver {
  /** Undefined if there is none of that id. */
  read(id: string): Buffer | undefined;
  write(id: string, content: Buffer): void;
  remove(id: string): void;
}

type Options = Readonly<Record<string, string>>;

/**
 * The driver of a secret.
 * @throws {DhowError} `invalid-argument` for a name or an option that is none; `unavailable` if its program is missing.
 */
export function openDriver({ secrets }: Pick<Engine, "secrets">, name: string, options: Options): SecretDriver {
  switch (name) {
    case "file":
      checkOptions("file", options, []);
      return secrets.files;
    case "pass":
      return passDriver(options);
    case "shell":
      return shellDriver(options);
    default:
      throw new DhowError(`invalid driver: ${name}`, {
        kind: "invalid-argument",
        hint: "the drivers are file, pass and shell",
      });
  }
}

const shellCommands = ["delete", "list", "lookup", "store"] as const;

/** Commands of the user's own; the id is in SECRET_ID, the content on stdin. */
function shellDriver(options: Options): SecretDriver {
  checkOptions("shell", options, shellCommands);
  const missing = shellCommands.find((key) => !options[key]);
  if (missing !== undefined) {
    throw new DhowError(`missing config value: the secret driver shell needs the option ${missing}`, {
      kind: "invalid-argument",
    });
  }
  return programDriver((action, id) => ({
    argv: ["/bin/sh", "-c", options[action] ?? ""],
    env: { ...childEnvironment(), SECRET_ID: id },
  }));
}

/** The password store of the user, an entry of it for each secret. */
function passDriver(options: Options): SecretDriver {
  checkOptions("pass", options, ["root", "key", "gpghomedir"]);
  const program = findProgram("pass");
  if (program === undefined) {
    throw new DhowError("the secret driver pass cannot be used: pass is not installed", {
      kind: "unavailable",
      hint: "install the package pass, or use the driver file",
    });
  }
  const env = {
    ...childEnvironment(),
    ...(options.root === undefined ? {} : { PASSWORD_STORE_DIR: options.root }),
    ...(options.key === undefined ? {} : { PASSWORD_STORE_KEY: options.key }),
    ...(options.gpghomedir === undefined ? {} : { GNUPGHOME: options.gpghomedir }),
  };
  const words = { lookup: ["show"], store: ["insert", "--multiline", "--force"], delete: ["rm", "--force"] };
  return programDriver((action, id) => ({ argv: [program, ...words[action], `dhow/${id}`], env }));
}

type Action = "lookup" | "store" | "delete";
interface Call {
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
}

function programDriver(callOf: (action: Action, id: string) => Call): SecretDriver {
  const run = (action: Action, id: string, input?: Buffer) => {
    const { argv, env } = callOf(action, id);
    return runWithBytes(argv, { env, ...(input === undefined ? {} : { input }) });
  };
  const require = (what: string, { exitCode, stderr }: ReturnType<typeof run>) => {
    if (exitCode === 0) return;
    const reason = stderr.trim().split("\n").at(-1) || `exit status ${exitCode}`;
    throw new DhowError(`${what}: ${reason}`, { kind: "unavailable" });
  };
  return {
    read(id) {
      const { exitCode, stdout } = run("lookup", id);
      return exitCode === 0 && stdout.length > 0 ? stdout : undefined;
    },
    write: (id, content) => require("storing the secret", run("store", id, content)),
    remove: (id) => require("deleting the secret", run("delete", id)),
  };
}

function checkOptions(driver: string, options: Options, known: readonly string[]): void {
  const wrong = Object.keys(options).find((key) => !known.includes(key));
  if (wrong === undefined) return;
  throw new DhowError(`invalid ${driver} driver option: ${JSON.stringify(wrong)}`, { kind: "invalid-argument" });
}
