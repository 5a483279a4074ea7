import { existsSync } from "node:fs";
import { DhowError } from "../../errors.ts";
import { newTemporaryPath } from "../../storage/temporary.ts";
import { identifyProcess } from "../../system/clock.ts";
import { childEnvironment } from "../../system/environment.ts";
import { runProgramAsync, startProgram } from "../../system/process.ts";
import type { SshSource } from "../request.ts";
import { type BuildSession, once } from "../session.ts";

/** The socket of the agent that stands behind an id of --ssh: the user's own, or one that holds the keys for this build. */
export async function openAgent(session: BuildSession, id: string, source: SshSource): Promise<string> {
  if (source.type === "keys") return once(session, `ssh:${id}`, () => startAgent(session, source.paths));
  if (existsSync(source.socket)) return source.socket;
  throw new DhowError(`ssh agent of ${id} is not there: ${source.socket} does not exist`, { kind: "not-found" });
}

async function startAgent(session: BuildSession, keys: readonly string[]): Promise<string> {
  const socket = `${newTemporaryPath(session.engine.paths.run)}-agent`;
  const agent = startProgram(["ssh-agent", "-D", "-a", socket], { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => agent.once("exit", () => resolve()));
  const failed = new Promise<never>((_, reject) => {
    agent.once("error", (cause) =>
      reject(
        new DhowError("cannot start ssh-agent", {
          kind: "unavailable",
          cause,
          hint: "install the package openssh-client, or give the socket of an agent that runs",
        }),
      ),
    );
  });
  failed.catch(() => undefined);
  session.cleanups.defer(async () => {
    if (agent.pid !== undefined && identifyProcess(agent.pid)) agent.kill();
    await Promise.race([ended, failed.catch(() => undefined)]);
  });
  while (!existsSync(socket)) await Promise.race([failed, new Promise((resolve) => setTimeout(resolve, 5))]);
  const env = { ...childEnvironment(), SSH_AUTH_SOCK: socket };
  for (const key of keys) await runProgramAsync(["ssh-add", "-q", key], { env });
  return socket;
}
