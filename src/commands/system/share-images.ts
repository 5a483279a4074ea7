import { defineCommand } from "../../cli/command.ts";
import { DhowError } from "../../errors.ts";
import { listSharedStores, shareStore, storePath, unshareStore } from "../../rootless/shared-store.ts";

export const shareImages = defineCommand({
  usage: "[options] [USER...]",
  summary: "Let other users run the images of a store without a copy",
  description:
    "Shows the image store of --root to users, who see its images beside their own: they can run them " +
    "and never change them. Only root can do that. It lasts until the machine goes down; run it again when it is up. " +
    "Users whose namespaces are older see it after 'dhow system migrate', unless mounts of the machine are shared, as systemd has them.",
  examples: ["dhow --root /srv/images pull debian", "dhow --root /srv/images system share-images alice bob"],
  options: {
    list: { type: "boolean", describe: "List what is shared with whom" },
    stop: { type: "boolean", describe: "Take the store away from the users again" },
  },
  operands: { complete: "none" },
  needsNamespace: false,
  async run({ options, operands }, { globals, out }) {
    if (options.list) {
      for (const { uid, path } of listSharedStores()) out.line(`${uid} ${path}`);
      return;
    }
    if (operands.length === 0) throw new DhowError("at least one user must be named", { kind: "invalid-argument" });
    const store = storePath(globals.root);
    for (const user of operands) {
      if (options.stop) unshareStore(store, user);
      else out.line(await shareStore(store, user));
    }
  },
});
