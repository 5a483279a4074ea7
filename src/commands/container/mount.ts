import { defineCommand } from "../../cli/command.ts";
import type { Output } from "../../cli/output.ts";
import { formatTable } from "../../cli/table.ts";
import { listContainers } from "../../container/list.ts";
import { findMount, mountContainer } from "../../container/mount.ts";
import { visiblePaths } from "../../container/visible-mounts.ts";
import type { ContainerRecord, Engine } from "../../engine.ts";
import { isJsonFormat } from "../listing.ts";
import { checkMountFormat } from "../mount-format.ts";
import { findTargets, forEachTarget, targetOptions } from "./targets.ts";

export const mount = defineCommand({
  usage: "[options] [CONTAINER...]",
  summary: "Mount a working container's root filesystem",
  description:
    "Mounts the root filesystem of containers and prints where it is. Without a container it lists what is mounted. Mounts last until 'unmount', or until the container is removed. Ordinary users see them inside of 'dhow unshare' only.",
  examples: ["dhow unshare sh -c 'ls $(dhow mount ctrID)'", "dhow mount", "dhow mount --format json"],
  options: {
    ...targetOptions,
    all: { type: "boolean", short: "a", describe: "Mount all containers" },
    format: { type: "string", describe: "Print the mounted containers in specified format (json)" },
    "no-trunc": { type: "boolean", aliases: ["notruncate"], describe: "Do not truncate output" },
  },
  operands: { complete: "containers" },
  async run({ options, operands }, { engine, out }) {
    const show = visiblePaths("mount");
    if (operands.length === 0 && !options.all && !options.latest) {
      checkMountFormat(options.format);
      return listMounts(engine, out, { ...options, show });
    }
    const found = await findTargets(engine, { ...options, operands });
    await forEachTarget(found, async ({ record }) => out.line(show(await mountContainer(engine, record.id))));
  },
});

interface ListRequest {
  readonly format: string | undefined;
  readonly "no-trunc": boolean;
  readonly show: (path: string) => string;
}

async function listMounts(engine: Engine, out: Output, { show, ...options }: ListRequest): Promise<void> {
  const records = await listContainers(engine, { filters: new Map(), all: true });
  const mounted = records.flatMap((record) => {
    const path = findMount(engine, record);
    return path === undefined ? [] : [{ record, path: show(path) }];
  });
  if (options.format !== undefined && isJsonFormat(options.format)) {
    out.line(JSON.stringify(mounted.map(toJson), undefined, 1));
    return;
  }
  const shownId = ({ id }: ContainerRecord) => (options["no-trunc"] ? id : id.slice(0, 12));
  out.write(formatTable(mounted.map(({ record, path }) => [shownId(record), path])));
}

function toJson({ record, path }: { readonly record: ContainerRecord; readonly path: string }): object {
  return { id: record.id, Names: [record.name], mountpoint: path };
}
