import { defineCommand } from "../../cli/command.ts";
import { humanSize } from "../../cli/human.ts";
import { findImage } from "../../image/find.ts";
import { type LayerNode, layersOf, layersOnTopOf } from "../../image/tree.ts";

export const tree = defineCommand({
  usage: "[options] IMAGE",
  summary: "Print layer hierarchy of an image in a tree format",
  description: "Prints the layers of an image as a tree, with the images that end with them.",
  examples: ["dhow image tree quay.io/podman/stable", "dhow image tree --whatrequires alpine"],
  options: {
    whatrequires: { type: "boolean", describe: "Show all child images and layers of the specified image" },
  },
  operands: { min: 1, max: 1, complete: "images" },
  async run({ options, operands: [name = ""] }, { engine, out }) {
    const image = await findImage(engine, name);
    out.line(`Image ID: ${image.id.slice(0, 12)}`);
    out.line(`Tags:     [${image.names.join(" ")}]`);
    out.line(`Size:     ${humanSize(image.sizeBytes, 4)}`);
    out.line(image.topLayer === undefined ? "No Image Layers" : "Image Layers");
    if (options.whatrequires) {
      const top = layersOnTopOf(engine, image);
      if (top) out.write(drawLevel(flatten(top), "").join(""));
      return;
    }
    out.write(drawLevel(layersOf(engine, image), "").join(""));
  },
});

/** Layers in a row without a fork stand below each other at one level, as podman draws them. */
function flatten(node: LayerNode): LayerNode[] {
  const [only, ...others] = node.children;
  if (only && others.length === 0) return [{ ...node, children: [] }, ...flatten(only)];
  return [node];
}

function drawLevel(nodes: readonly LayerNode[], indent: string): string[] {
  return nodes.flatMap((node, position) => {
    const isLast = position === nodes.length - 1;
    const line = `${indent}${isLast ? "└── " : "├── "}${describe(node)}\n`;
    const below = `${indent}${isLast ? "    " : "│   "}`;
    return [line, ...node.children.flatMap((child, at) => drawBranch(child, below, at === node.children.length - 1))];
  });
}

/** A child of a fork, with what follows it without a fork one level deeper. */
function drawBranch(node: LayerNode, indent: string, isLast: boolean): string[] {
  const [first, ...rest] = flatten(node) as [LayerNode, ...LayerNode[]];
  const line = `${indent}${isLast ? "└── " : "├── "}${describe(first)}\n`;
  const below = `${indent}${isLast ? "    " : "│   "}`;
  const children = first.children.flatMap((child, at) => drawBranch(child, below, at === first.children.length - 1));
  return [line, ...drawLevel(rest, below), ...children];
}

function describe({ layer, topOf }: LayerNode): string {
  const tags = topOf.length > 0 ? ` Top Layer of: [${topOf.join(" ")}]` : "";
  const id = layer.chainId.slice("sha256:".length).slice(0, 12);
  return `ID: ${id} Size: ${humanSize(layer.sizeBytes, 4).padStart(7)}${tags}`;
}
