import { defineCommand } from "../../cli/command.ts";
import { isVolumeUsed } from "../../container/volume-users.ts";
import { unmountVolume } from "../../volume/use.ts";

export const unmount = defineCommand({
  usage: "VOLUME",
  summary: "Unmount a volume",
  description: "Ends what 'dhow volume mount' began. A volume that containers use stays mounted for them.",
  examples: ["dhow volume unmount myvol"],
  options: {},
  operands: { min: 1, max: 1, complete: "volumes" },
  async run({ operands: [name = ""] }, { engine, out }) {
    out.line(await unmountVolume(engine, name, (volume) => isVolumeUsed(engine, volume)));
  },
});
