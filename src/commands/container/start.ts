import { defineCommand } from "../../cli/command.ts";
import { startAttached } from "../../container/foreground.ts";
import { removeContainer } from "../../container/remove.ts";
import { startContainer } from "../../container/start.ts";
import { canStart, isInitialized } from "../../container/state.ts";
import type { ContainerRecord, Engine } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import { exitCodeOf } from "./exit-code.ts";
import { findTarget, findTargets, forEachTarget, targetOptions } from "./targets.ts";

export const start = defineCommand({
  usage: "[options] CONTAINER [CONTAINER...]",
  summary: "Start one or more containers",
  description: "Starts one or more containers.  The container name or ID can be used.",
  examples: ["dhow start --latest", "dhow start 860a4b231279 5421ab43b45", "dhow start --interactive --attach imageID"],
  options: {
    ...targetOptions,
    all: { type: "boolean", describe: "Start all containers regardless of their state or configuration" },
    attach: { type: "boolean", short: "a", describe: "Attach container's STDOUT and STDERR" },
    "detach-keys": {
      type: "string",
      describe: "Select the key sequence for detaching a container (default ctrl-p,ctrl-q)",
      valueName: "[a-Z]",
    },
    filter: { type: "string", array: true, short: "f", describe: "Filter output based on conditions given" },
    interactive: { type: "boolean", short: "i", describe: "Make STDIN available to the contained process" },
    "sig-proxy": {
      type: "boolean",
      describe: "Proxy received signals to the process (default true if attaching, false otherwise)",
    },
  },
  operands: { complete: "containers" },
  async run({ options, operands, changed }, { engine, out }) {
    checkTargets(operands, options);
    if (options["sig-proxy"] && !options.attach) {
      throw invalid("you cannot use sig-proxy without --attach: invalid argument");
    }
    if (options.attach) {
      const { record } = await findTarget(engine, { operands, latest: options.latest });
      const { config } = record;
      const end = await explained(engine, record, () =>
        startAttached(engine, record.id, {
          stdin: config.stdin && options.interactive,
          stdout: true,
          stderr: true,
          terminal: config.terminal,
          detachKeys: options["detach-keys"] ?? config.detachKeys,
          proxySignals: changed("sig-proxy") ? options["sig-proxy"] : true,
        }),
      );
      return exitCodeOf(end);
    }
    const found = await findTargets(engine, { ...options, operands, narrow: true });
    await forEachTarget(found, async ({ record, shown }) => {
      if (options.all && !canStart(record.state) && !isInitialized(record)) return;
      await explained(engine, record, () => startContainer(engine, record.id));
      out.line(shown);
    });
    return 0;
  },
});

function checkTargets(
  operands: readonly string[],
  { all, latest, attach, filter }: { all: boolean; latest: boolean; attach: boolean; filter: readonly string[] },
): void {
  const named = operands.length > 0;
  if (!named && !latest && !all && filter.length === 0) throw invalid("start requires at least one argument");
  if (all && (named || latest)) {
    throw invalid("either start all containers or the container(s) provided in the arguments");
  }
  if (attach && operands.length > 1) throw invalid("you cannot start and attach multiple containers at once");
  if (attach && all) throw invalid("you cannot start and attach all containers at once");
}

/** A container that cannot be started is a failure of the command, whatever it is in a `run`; with --rm it is removed. */
async function explained<T>(engine: Engine, { id, config }: ContainerRecord, start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof DhowError)) throw error;
    if (config.autoRemove && error.kind !== "conflict") await removeContainer(engine, id, { force: true });
    throw new DhowError(`unable to start container "${id}": ${error.message}`, {
      kind: error.kind,
      cause: error,
    });
  }
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
