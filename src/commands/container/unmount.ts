import { defineCommand } from "../../cli/command.ts";
import { isMountedForUser, unmountContainer } from "../../container/mount.ts";
import { findTargets, forEachTarget, targetOptions } from "./targets.ts";

export const unmount = defineCommand({
  usage: "[options] CONTAINER [CONTAINER...]",
  summary: "Unmount working container's root filesystem",
  description:
    "Takes back what 'mount' did, once for each time that it was called. With --force it is unmounted at once, even if programs work in it.",
  examples: ["dhow unmount ctrID", "dhow unmount ctrID1 ctrID2 ctrID3", "dhow unmount --all"],
  options: {
    ...targetOptions,
    all: { type: "boolean", short: "a", describe: "Unmount all of the currently mounted containers" },
    force: {
      type: "boolean",
      short: "f",
      describe: "Force the complete unmount of the specified mounted containers",
    },
  },
  operands: { complete: "containers" },
  async run({ options, operands }, { engine, out }) {
    const found = await findTargets(engine, { ...options, operands });
    await forEachTarget(found, async ({ record }) => {
      if (options.all && !isMountedForUser(engine, record.id)) return;
      await unmountContainer(engine, record.id, { force: options.force });
      out.line(record.id);
    });
  },
});
