import { defineCommand } from "../../cli/command.ts";
import { formatTable } from "../../cli/table.ts";
import { visiblePaths } from "../../container/visible-mounts.ts";
import { DhowError } from "../../errors.ts";
import { listMountedImages, type MountedImage, mountImage } from "../../image/mount.ts";
import { isJsonFormat } from "../listing.ts";
import { checkMountFormat } from "../mount-format.ts";

export const mount = defineCommand({
  usage: "[options] [IMAGE...]",
  summary: "Mount an image's root filesystem",
  description:
    "Mounts images, read-only, and prints where they are. Without an image it lists what is mounted. Mounts last until 'image unmount', or until the image is removed. Ordinary users see them inside of 'dhow unshare' only.",
  examples: ["dhow unshare sh -c 'ls $(dhow image mount alpine)'", "dhow image mount --all", "dhow image mount"],
  options: {
    all: { type: "boolean", short: "a", describe: "Mount all images" },
    format: { type: "string", describe: "Print the mounted images in specified format (json)" },
  },
  operands: { complete: "images" },
  async run({ options: { all, format }, operands }, { engine, out }) {
    if (all && operands.length > 0) {
      throw new DhowError("when using the --all switch, you may not pass any image names or IDs", {
        kind: "invalid-argument",
      });
    }
    const show = visiblePaths("image mount");
    checkMountFormat(format);
    const names = all ? engine.images.list().map(({ id }) => id) : operands;
    const mounted: MountedImage[] = [];
    for (const name of names) mounted.push(await mountImage(engine, name));
    const shown = (names.length > 0 ? mounted : listMountedImages(engine)).map(({ image, path }) => ({
      image,
      path: show(path),
    }));
    if (format && isJsonFormat(format)) out.line(JSON.stringify(shown.map(toJson), undefined, 1));
    else if (operands.length === 1) out.line(shown[0]?.path ?? "");
    else out.write(formatTable(shown.map(({ image, path }) => [image.names[0] ?? image.id, path])));
  },
});

function toJson({ image, path }: MountedImage): object {
  return { id: image.id, Names: [image.manifestDigest], Repositories: image.names, mountpoint: path };
}
