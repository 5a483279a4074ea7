import { defineCommand } from "../../cli/command.ts";
import { confirmRemoval } from "../../cli/confirm.ts";
import { parseFilters } from "../../cli/filter.ts";
import { humanSize } from "../../cli/human.ts";
import { DhowError } from "../../errors.ts";
import { prepareForRemoval, pruneLeftovers, pruneSystem } from "../../upkeep/prune.ts";

export const prune = defineCommand({
  usage: "[options]",
  summary: "Remove unused data",
  description:
    "Removes containers that do not run, networks without containers and dangling images; with --all every image that no container uses, with --volumes the volumes that none uses, with --all or --build what builds have cached. Works when the disk is full.",
  examples: ["dhow system prune", "dhow system prune --all --force", "dhow system prune --filter until=24h"],
  options: {
    all: { type: "boolean", short: "a", describe: "Remove all unused data" },
    build: { type: "boolean", describe: "Remove what builds have cached, too" },
    external: { type: "boolean", describe: "Remove only what belongs to no container and no image" },
    filter: { type: "string", array: true, describe: "Provide filter values (e.g. 'label=<key>=<value>')" },
    volumes: { type: "boolean", describe: "Prune volumes" },
    force: { type: "boolean", short: "f", describe: "Do not prompt for confirmation" },
  },
  operands: { max: 0 },
  async run({ options }, { engine, out }) {
    const filters = parseFilters(options.filter);
    if (options.external) {
      if (options.all || options.build || options.volumes || filters.size > 0) {
        throw new DhowError("system prune --external cannot be combined with other options", {
          kind: "invalid-argument",
        });
      }
      prepareForRemoval(engine);
      pruneLeftovers(engine);
      return;
    }
    if (!options.force && !confirmRemoval(warning(options))) return;
    prepareForRemoval(engine);
    const { all, build, volumes } = options;
    const pruned = await pruneSystem(engine, { all, buildCache: all || build, volumes, filters });
    const show = (heading: string, ids: readonly string[]) => {
      if (ids.length > 0) out.line([heading, ...ids].join("\n"));
    };
    show("Deleted Containers", pruned.containers);
    show("Deleted Pods", pruned.pods);
    show("Deleted Volumes", pruned.volumes);
    show("Deleted Networks", pruned.networks);
    show("Deleted Images", pruned.images);
    out.line(`Total reclaimed space: ${humanSize(pruned.freedBytes, 4)}`);
    if (pruned.failures.length > 0) throw new AggregateError(pruned.failures);
  },
});

function warning({ all, build, volumes }: Readonly<Record<"all" | "build" | "volumes", boolean>>): string {
  const images = all ? "all images without at least one container associated with them" : "all dangling images";
  const kinds = [
    "all stopped containers",
    "all networks not used by at least one container",
    ...(volumes ? ["all volumes not used by at least one container"] : []),
    images,
    ...(all || build ? ["what builds have cached"] : []),
  ];
  return ["This command removes:", ...kinds.map((kind) => `\t- ${kind}`), ""].join("\n");
}
