import { rmSync } from "node:fs";
import { defineCommand } from "../../cli/command.ts";
import { removePod } from "../../container/remove.ts";
import type { Engine, PodRecord } from "../../engine.ts";
import { DhowError, isKind } from "../../errors.ts";
import { stopTimeOption } from "../container/targets.ts";
import { findPods, forEachPod, invalid, latestOption, podIdFileOption } from "./targets.ts";

const missingPod = 1;

export const rm = defineCommand({
  usage: "[options] POD [POD...]",
  summary: "Remove one or more pods",
  description:
    "Removes one or more stopped pods and their containers from the host.\n\nThe pod name or ID can be used. A pod with running containers will not be removed without --force. If --force is specified, all containers will be stopped, then removed.",
  examples: ["dhow pod rm mywebserverpod", "dhow pod rm -f 860a4b23", "dhow pod rm -f -a"],
  options: {
    ...latestOption,
    ...podIdFileOption,
    all: { type: "boolean", short: "a", describe: "Remove all running pods" },
    force: {
      type: "boolean",
      short: "f",
      describe:
        "Force removal of a running pod by first stopping all containers, then removing all containers in the pod. The default is false",
    },
    ignore: { type: "boolean", short: "i", describe: "Ignore errors when a specified pod is missing" },
    ...stopTimeOption,
  },
  operands: { complete: "pods" },
  async run({ options, operands, changed }, { engine, out }) {
    if (changed("time") && !options.force) {
      throw invalid("--force option must be specified to use the --time option");
    }
    const pods = findExisting(engine, { ...options, operands, ignore: options.ignore || options.force });
    await forEachPod(pods, async ({ id }) => {
      await removePod(engine, id, { force: options.force, timeoutSeconds: options.time });
      out.line(id);
    });
    for (const file of options["pod-id-file"]) rmSync(file, { force: true });
  },
});

/** `pod rm` has an exit code of its own for a pod that does not exist. */
function findExisting(engine: Engine, request: Parameters<typeof findPods>[1]): PodRecord[] {
  try {
    return findPods(engine, request);
  } catch (error) {
    if (!(error instanceof DhowError) || !isKind(error, "not-found")) throw error;
    const isPod = error.message.endsWith("no such pod");
    throw isPod ? new DhowError(error.message, { kind: error.kind, exitCode: missingPod, cause: error.cause }) : error;
  }
}
