import { defineCommand } from "../../cli/command.ts";
import { isVolumeUsed } from "../../container/volume-users.ts";
import { importVolume } from "../../volume/archive.ts";

export const importCommand = defineCommand({
  usage: "VOLUME SOURCE",
  summary: "Unpack a tar archive into a volume",
  description:
    "Unpacks a tar archive into a volume that exists, over what is there. The archive may be compressed with gzip, zstd, xz or bzip2; with - it is read from stdin.",
  examples: ["dhow volume import myvol /home/user/import.tar", "cat ctr.tar | dhow volume import myvol -"],
  options: {},
  operands: { min: 2, max: 2, complete: "volumes" },
  async run({ operands: [volume = "", source = ""] }, { engine }) {
    await importVolume(engine, volume, {
      source: source === "-" ? 0 : source,
      isUsed: (name) => isVolumeUsed(engine, name),
    });
  },
});
