import { defineCommand } from "../../cli/command.ts";
import { cleanupContainer } from "../../container/cleanup.ts";
import { removeExecSession } from "../../container/exec.ts";
import { removeContainer } from "../../container/remove.ts";
import type { Engine } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import { removeImageOf } from "./remove-image-of.ts";
import { findTargets, forEachTarget, targetOptions } from "./targets.ts";

interface SessionFlags {
  readonly exec: string | undefined;
  readonly all: boolean;
  readonly rmi: boolean;
}

function cleanupSession(engine: Engine, operands: readonly string[], { exec = "", all, rmi }: SessionFlags): void {
  if (all || operands.length !== 1) {
    throw new DhowError("exec flag requires a single container", { kind: "invalid-argument" });
  }
  if (rmi) throw new DhowError("exec and rmi flags conflict", { kind: "invalid-argument" });
  removeExecSession(engine, operands[0] ?? "", exec);
}

export const cleanup = defineCommand({
  usage: "[options] CONTAINER [CONTAINER...]",
  summary: "Clean up network and mountpoints of one or more containers",
  description: "Run by a container's monitor when the container has ended. Nothing happens to containers that run.",
  options: {
    ...targetOptions,
    all: { type: "boolean", short: "a", describe: "Cleans up all containers" },
    restart: { type: "boolean", hidden: true, describe: "Start it again, as its restart policy says" },
    exec: { type: "string", describe: "Clean up an exec session that has ended", valueName: "session" },
    rmi: { type: "boolean", describe: "After cleanup, remove the image entirely" },
    rm: { type: "boolean", describe: "After cleanup, remove the container entirely" },
  },
  operands: { complete: "containers" },
  async run({ options, operands }, { engine, out }) {
    // A container that was removed in the meantime is as clean as can be; finding it may have cleaned it up already.
    if (options.exec !== undefined) return cleanupSession(engine, operands, options);
    const single = operands.length === 1 && !options.rm && !options.rmi;
    if (single) return cleanupContainer(engine, operands[0] ?? "", { restart: options.restart });
    await forEachTarget(
      await findTargets(engine, { ...options, operands, ignore: true }),
      async ({ record, shown }) => {
        await cleanupContainer(engine, record.id, { restart: false });
        if (options.rm && engine.containers.find(record.id)) await removeContainer(engine, record.id, { force: false });
        if (options.rmi) await removeImageOf(engine, record.config);
        out.line(shown);
      },
    );
  },
});
