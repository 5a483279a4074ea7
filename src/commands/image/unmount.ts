import { defineCommand } from "../../cli/command.ts";
import { DhowError } from "../../errors.ts";
import { listMountedImages, unmountImage } from "../../image/mount.ts";

export const unmount = defineCommand({
  usage: "[options] IMAGE [IMAGE...]",
  summary: "Unmount an image's root filesystem",
  description:
    "Takes back what 'image mount' did, once for each time that it was called. With --force it is unmounted at once, even if programs work in it.",
  examples: ["dhow image unmount imgID", "dhow image unmount --all"],
  options: {
    all: { type: "boolean", short: "a", describe: "Unmount all of the currently mounted images" },
    force: { type: "boolean", short: "f", describe: "Force the complete unmount of the specified mounted images" },
  },
  operands: { complete: "images" },
  async run({ options: { all, force }, operands }, { engine, out }) {
    if (operands.length === 0 && !all) throw invalid("image name or ID must be specified");
    if (operands.length > 0 && all) {
      throw invalid("when using the --all switch, you may not pass any image names or IDs");
    }
    const failures: unknown[] = [];
    for (const name of all ? listMountedImages(engine).map(({ image }) => image.id) : operands) {
      try {
        const id = await unmountImage(engine, name, { force });
        if (id !== undefined) out.line(id);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures);
  },
});

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
