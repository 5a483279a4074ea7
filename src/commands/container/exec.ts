import { readFileSync } from "node:fs";
import { defineCommand } from "../../cli/command.ts";
import { callerFacts } from "../../container/caller-facts.ts";
import { buildEnvironment } from "../../container/config/environment.ts";
import { execInContainer } from "../../container/exec.ts";
import { DhowError } from "../../errors.ts";
import { inheritedFdOptions, readInheritedFds } from "./inherited-fds.ts";
import { findTarget, targetOptions } from "./targets.ts";

export const exec = defineCommand({
  usage: "[options] CONTAINER COMMAND [ARG...]",
  summary: "Run a process in a running container",
  description: "Execute the specified command inside a running container.",
  examples: ["dhow exec -it ctrID ls", "dhow exec -it -w /tmp myCtr pwd", "dhow exec --user root ctrID ls"],
  options: {
    ...targetOptions,
    cidfile: { type: "string", describe: "File to read the container ID from", complete: "files" },
    detach: { type: "boolean", short: "d", describe: "Run the exec session in detached mode (backgrounded)" },
    "detach-keys": {
      type: "string",
      describe: "Select the key sequence for detaching a container (default ctrl-p,ctrl-q)",
      valueName: "[a-Z]",
    },
    env: { type: "string", array: true, short: "e", describe: "Set environment variables", valueName: "stringArray" },
    "env-file": {
      type: "string",
      array: true,
      describe: "Read in a file of environment variables",
      valueName: "stringArray",
      complete: "files",
    },
    interactive: { type: "boolean", short: "i", describe: "Make STDIN available to the contained process" },
    ...inheritedFdOptions,
    privileged: {
      type: "boolean",
      describe: "Give the process extended Linux capabilities inside the container.  The default is false",
    },
    tty: { type: "boolean", short: "t", describe: "Allocate a pseudo-TTY. The default is false" },
    user: {
      type: "string",
      short: "u",
      describe: "Sets the username or UID used and optionally the groupname or GID for the specified command",
    },
    workdir: { type: "string", short: "w", describe: "Working directory inside the container" },
  },
  operands: { interspersed: false, complete: "running-containers" },
  async run({ options, operands }, { engine, out }) {
    const { cidfile, latest } = options;
    const named = cidfile === undefined ? undefined : [readIdFile(cidfile)];
    const isImplied = latest || named !== undefined;
    const target = await findTarget(engine, { operands: named ?? (latest ? [] : operands.slice(0, 1)), latest });
    const command = isImplied ? operands : operands.slice(1);
    if (command.length === 0) {
      throw new DhowError("must provide a non-empty command to start an exec session: invalid argument", {
        kind: "invalid-argument",
      });
    }
    const { env, tty } = options;
    const run = options.detach ? startInBackground : execInContainer;
    const end = await run(engine, target.record.id, {
      command,
      env: buildEnvironment(
        {
          ...{ env, tty, "env-file": options["env-file"], "unsetenv-all": true },
          ...{ "env-host": false, "env-merge": [], "http-proxy": false, unsetenv: [] },
        },
        [],
        callerFacts(engine),
      ),
      user: options.user,
      workdir: options.workdir,
      privileged: options.privileged,
      terminal: tty,
      stdin: options.interactive,
      detachKeys: options["detach-keys"],
      detach: options.detach,
      preserveFds: readInheritedFds(options),
    });
    if (end.kind === "exited") return end.exitCode;
    if (options.detach) out.line(end.sessionId);
    return 0;
  },
});

function readIdFile(path: string): string {
  try {
    return readFileSync(path, "utf8").split("\n", 1)[0] ?? "";
  } catch (cause) {
    throw new DhowError(`reading CIDFile: cannot read ${path}`, { kind: "not-found", cause });
  }
}

/** In the background it is dhow that fails, not the command. */
async function startInBackground(...request: Parameters<typeof execInContainer>): ReturnType<typeof execInContainer> {
  try {
    return await execInContainer(...request);
  } catch (error) {
    if (!(error instanceof DhowError)) throw error;
    throw new DhowError(error.message, { kind: error.kind, cause: error });
  }
}
