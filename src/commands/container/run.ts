import { defineCommand } from "../../cli/command.ts";
import { runOptions } from "../../cli/options/container.ts";
import { isTerminal } from "../../cli/output.ts";
import { startAttached } from "../../container/foreground.ts";
import { removeContainer, removePod } from "../../container/remove.ts";
import { startContainer } from "../../container/start.ts";
import type { Engine } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import { createFromCommandLine } from "./creation.ts";
import { exitCodeOf } from "./exit-code.ts";
import { inheritedFdOptions, readInheritedFds } from "./inherited-fds.ts";
import { removeImageOf } from "./remove-image-of.ts";

export const run = defineCommand({
  usage: "[options] IMAGE [COMMAND [ARG...]]",
  summary: "Run a command in a new container",
  description: "Runs a command in a new container from the given image",
  examples: [
    "dhow run imageID ls -alF /etc",
    "dhow run --rm -it --network host imageID sh",
    "dhow run -d -p 8080:80 imageID",
  ],
  options: { ...runOptions, ...inheritedFdOptions },
  operands: { min: 1, interspersed: false, complete: "images" },
  async run(given, context) {
    const { engine, out } = context;
    const { options } = given;
    if (options.tty && options.interactive && !isTerminal(0)) {
      out.warn("The input device is not a TTY. The --tty and --interactive flags might not work properly");
    }
    if (options.rmi && options.detach) throw cannotRemoveImage();
    const streams = chooseStreams(options.attach);
    const preserveFds = readInheritedFds(options);
    const { id, config } = await createFromCommandLine(given, context);
    try {
      if (options.detach) {
        await startContainer(engine, id, { preserveFds });
        if (config.log.driver !== "passthrough") out.line(id);
        return 0;
      }
      const end = await startAttached(engine, id, {
        ...streams,
        stdin: config.stdin,
        terminal: config.terminal,
        detachKeys: config.detachKeys,
        proxySignals: options["sig-proxy"],
        preserveFds,
        onStarted() {
          if (!streams.stdout && !streams.stderr) out.line(id);
        },
      });
      if (options.rmi && end.kind === "exited") await removeImageOf(engine, config);
      return exitCodeOf(end);
    } catch (error) {
      await discard(engine, id, options);
      throw asStartFailure(error);
    }
  },
});

/** After a failed start, a pod that was made for the container goes with it. */
async function discard(
  engine: Engine,
  id: string,
  { rm, pod }: { readonly rm: boolean; readonly pod: string | undefined },
): Promise<void> {
  const record = engine.containers.find(id);
  if (!record) return;
  if (pod?.startsWith("new:") && record.config.pod) await removePod(engine, record.config.pod.id, { force: true });
  else if (rm) await removeContainer(engine, id, { force: true });
}

function cannotRemoveImage(): DhowError {
  return new DhowError("--rmi is not supported yet together with --detach", {
    kind: "unsupported",
    hint: "remove the image when the container has ended: dhow wait CONTAINER && dhow rmi IMAGE",
  });
}

/** Without --attach, both. */
function chooseStreams(attach: readonly string[]): { readonly stdout: boolean; readonly stderr: boolean } {
  const names = attach.flatMap((text) => text.toLowerCase().split(","));
  const wrong = names.find((name) => !["stdin", "stdout", "stderr"].includes(name));
  if (wrong !== undefined) {
    throw new DhowError(
      `invalid stream ${JSON.stringify(wrong)} for --attach - must be one of stdin, stdout, or stderr: invalid argument`,
      { kind: "invalid-argument" },
    );
  }
  const has = (name: string) => names.length === 0 || names.includes(name);
  return { stdout: has("stdout"), stderr: has("stderr") };
}

/** A container that was made but cannot be started is one that cannot be invoked, unless its command does not exist. */
function asStartFailure(error: unknown): unknown {
  if (!(error instanceof DhowError) || error.exitCode !== undefined) return error;
  return new DhowError(error.message, { kind: error.kind, cause: error, exitCode: cannotInvoke });
}
const cannotInvoke = 126;
