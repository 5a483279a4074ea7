import { defineCommand } from "../../cli/command.ts";
import { humanDuration, humanSize } from "../../cli/human.ts";
import type { Output } from "../../cli/output.ts";
import { formatTable } from "../../cli/table.ts";
import { DhowError } from "../../errors.ts";
import type { ContainerUsage, DiskUsage, ImageUsage, VolumeUsage } from "../../upkeep/disk-usage.ts";
import { measureDiskUsage } from "../../upkeep/disk-usage.ts";
import { showListing } from "../listing.ts";

interface Summary {
  readonly type: string;
  readonly total: number;
  readonly active: number;
  readonly bytes: number;
  readonly reclaimableBytes: number;
}

export const df = defineCommand({
  usage: "[options]",
  summary: "Show what images, containers and volumes take on the disk",
  description:
    "Shows what images (unpacked layers and the blobs they came in), containers and volumes take on the disk, in blocks as du counts them, and what of it could be freed.",
  examples: ["dhow system df", "dhow system df --verbose", "dhow system df --format '{{.Type}} {{.Size}}'"],
  options: {
    format: { type: "string", describe: "Pretty-print the sums using json or a Go template" },
    verbose: { type: "boolean", short: "v", describe: "Show detailed information on disk usage" },
  },
  operands: { max: 0 },
  async run({ options: { format, verbose } }, { engine, out }) {
    if (format !== undefined && verbose) {
      throw new DhowError("cannot combine --format and --verbose flags", { kind: "invalid-argument" });
    }
    const usage = measureDiskUsage(engine);
    if (verbose) showDetails(out, usage);
    else await showSums(out, usage, format);
  },
});

async function showSums(out: Output, usage: DiskUsage, format: string | undefined): Promise<void> {
  await showListing(out, {
    name: "df",
    dataType: "*system.dfSummary",
    rows: sumsOf(usage),
    format,
    noHeading: false,
    columns: [
      ["TYPE", ({ type }) => type],
      ["TOTAL", ({ total }) => String(total)],
      ["ACTIVE", ({ active }) => String(active)],
      ["SIZE", ({ bytes }) => humanSize(bytes, 4)],
      ["RECLAIMABLE", reclaimable],
    ],
    headings: {},
    fields: (sum) => ({ ...summaryJson(sum) }),
    json: summaryJson,
    jsonIndent: 4,
  });
}

function sumsOf(usage: DiskUsage): Summary[] {
  const { images, imagesBytes, imagesReclaimableBytes, containers, volumes } = usage;
  const isRunning = ({ container }: ContainerUsage) => container.state === "running";
  const isUsed = ({ links }: VolumeUsage) => links > 0;
  const sum = (usages: readonly { readonly bytes: number }[]) => usages.reduce((total, { bytes }) => total + bytes, 0);
  return [
    {
      type: "Images",
      total: images.length,
      active: images.filter((usage) => usage.containers > 0).length,
      bytes: imagesBytes,
      reclaimableBytes: imagesReclaimableBytes,
    },
    ...artifactSums(usage),
    {
      type: "Containers",
      total: containers.length,
      active: containers.filter(isRunning).length,
      bytes: sum(containers),
      reclaimableBytes: sum(containers.filter((usage) => !isRunning(usage))),
    },
    {
      type: "Local Volumes",
      total: volumes.length,
      active: volumes.filter(isUsed).length,
      bytes: sum(volumes),
      reclaimableBytes: sum(volumes.filter((usage) => !isUsed(usage))),
    },
  ];
}

/** Nothing where there are none: tools that know Podman's three lines find them. Nothing but the user needs an artifact. */
function artifactSums({ artifacts, artifactsBytes }: DiskUsage): Summary[] {
  if (artifacts.length === 0) return [];
  const all = { bytes: artifactsBytes, reclaimableBytes: artifactsBytes };
  return [{ type: "Artifacts", total: artifacts.length, active: 0, ...all }];
}

function reclaimable({ bytes, reclaimableBytes }: Summary): string {
  const percent = bytes === 0 ? 0 : Math.round((reclaimableBytes / bytes) * 100);
  return `${humanSize(reclaimableBytes, 4)} (${percent}%)`;
}

function summaryJson(sum: Summary): object {
  return {
    Type: sum.type,
    Total: sum.total,
    Active: sum.active,
    RawSize: sum.bytes,
    RawReclaimable: sum.reclaimableBytes,
    TotalCount: sum.total,
    Size: humanSize(sum.bytes, 4),
    Reclaimable: reclaimable(sum),
  };
}

function showDetails(out: Output, { images, artifacts, containers, volumes }: DiskUsage): void {
  out.write("Images space usage:\n\n");
  const imageHeadings = [
    "REPOSITORY",
    "TAG",
    "IMAGE ID",
    "CREATED",
    "SIZE",
    "SHARED SIZE",
    "UNIQUE SIZE",
    "CONTAINERS",
  ];
  out.write(formatTable([imageHeadings, ...images.flatMap(imageLines)]));
  if (artifacts.length > 0) {
    const lines = artifacts.map(({ artifact, bytes }) => [artifact.name, artifact.digest, humanSize(bytes, 4)]);
    out.write("\nArtifacts space usage:\n\n");
    out.write(formatTable([["ARTIFACT", "DIGEST", "SIZE"], ...lines]));
  }
  out.write("\nContainers space usage:\n\n");
  const containerHeadings = ["CONTAINER ID", "IMAGE", "COMMAND", "LOCAL VOLUMES", "SIZE", "CREATED", "STATUS", "NAMES"];
  out.write(formatTable([containerHeadings, ...containers.map(containerLine)]));
  out.write("\nLocal Volumes space usage:\n\n");
  const volumeLines = volumes.map(({ volume, links, bytes }) => [volume.name, String(links), humanSize(bytes, 4)]);
  out.write(formatTable([["VOLUME NAME", "LINKS", "SIZE"], ...volumeLines]));
}

function imageLines({ image, sharedBytes, uniqueBytes, containers }: ImageUsage): string[][] {
  const names = image.names.length > 0 ? image.names : ["<none>:<none>"];
  return names.map((name) => {
    const colon = name.lastIndexOf(":");
    return [
      ...[name.slice(0, colon), name.slice(colon + 1), image.id.slice(0, 12), age(image.createdAt)],
      ...[sharedBytes + uniqueBytes, sharedBytes, uniqueBytes].map((bytes) => humanSize(bytes, 4)),
      String(containers),
    ];
  });
}

function containerLine({ container, bytes }: ContainerUsage): string[] {
  const { id, config, createdAt, state, name } = container;
  const volumes = config.mounts.filter(({ type }) => type === "volume").length;
  return [
    ...[id.slice(0, 12), config.imageId.slice(0, 12), config.command.join(" "), String(volumes)],
    ...[humanSize(bytes, 4), age(createdAt), state, name],
  ];
}

function age(date: Date): string {
  return humanDuration(Date.now() - date.getTime());
}
