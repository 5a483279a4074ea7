import type { Output } from "../../cli/output.ts";
import { formatTable } from "../../cli/table.ts";
import type { Engine } from "../../engine.ts";
import type { ImageRow } from "../../image/list.ts";
import { formatPlatform } from "../../oci/platform.ts";
import { type ImageViewOptions, spacedSize } from "./image-view.ts";

type TreeOptions = ImageViewOptions & { readonly noHeading: boolean };

const headings = ["IMAGE", "ID", "DISK USAGE", "CONTENT SIZE", "EXTRA"];

/** Shows images as Docker's `--tree` does: the platforms of a name below it. */
export function showImageTree(
  out: Output,
  { images }: Pick<Engine, "images">,
  rows: readonly ImageRow[],
  options: TreeOptions,
): void {
  const cellsOf = (label: string, group: readonly ImageRow[], id: string) => {
    const packed = group.reduce((sum, { image }) => sum + (image.isManifestList ? 0 : packedBytes(images, image)), 0);
    const unpacked = group.reduce((sum, { image }) => sum + image.sizeBytes, 0);
    const isUsed = group.some(({ image }) => options.countContainers(image.id) > 0);
    return [label, id, spacedSize(unpacked + packed), spacedSize(packed), isUsed ? "U" : ""];
  };
  const lines = groupRows(rows).flatMap(({ name, members }) => {
    const [first] = members as [ImageRow];
    if (members.length === 1) return [cellsOf(name, members, shortId(first))];
    return [
      cellsOf(name, members, ""),
      ...members.map((member, position) => {
        const branch = position === members.length - 1 ? "└─" : "├─";
        return cellsOf(`${branch} ${formatPlatform(platformOf(member))}`, [member], shortId(member));
      }),
    ];
  });
  out.write(formatTable(options.noHeading ? lines : [headings, ...lines]));
}

function groupRows(rows: readonly ImageRow[]): { name: string; members: ImageRow[] }[] {
  const groups = new Map<string, { name: string; members: ImageRow[] }>();
  for (const row of rows) {
    const name = row.tag === undefined ? "<untagged>" : `${row.repository}:${row.tag}`;
    const key = row.tag === undefined ? row.image.id : name;
    const group = groups.get(key) ?? { name, members: [] };
    group.members.push(row);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function shortId({ image }: ImageRow): string {
  return image.id.slice(0, 12);
}

function platformOf({ image: { os, architecture, variant } }: ImageRow) {
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

/** Bytes of the layers as a registry has them. */
function packedBytes(images: Engine["images"], image: ImageRow["image"]): number {
  const { config, layers } = images.manifest(image);
  return layers.reduce((sum, { size }) => sum + size, config.size);
}
