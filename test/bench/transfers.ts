import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type BenchRegistry, pushBigImage, pushLargeLayer, startRegistry } from "./big-image.ts";
import { type Contestant, output, person } from "./engines.ts";
import { median, type Row } from "./measurement.ts";

/** What is done with an image that has to get from one place to another. */
interface Transfer {
  readonly name: "pull" | "push" | "save" | "load";
  /** The largest ratio of times that we accept. */
  readonly budget: number;
  /** Whether the image is in the store before it begins. */
  readonly needsImage: boolean;
  args(place: Place): string[];
}

interface Place {
  /** Where the image is. */
  readonly reference: string;
  /** Where it is to be pushed to. */
  readonly target: string;
  /** Where it is saved to and loaded from. */
  readonly archive: string;
}

const noTls = "--tls-verify=false";
const transfers: readonly Transfer[] = [
  { name: "pull", budget: 0.8, needsImage: false, args: ({ reference }) => ["pull", "-q", noTls, reference] },
  {
    name: "push",
    budget: 0.8,
    needsImage: true,
    args: ({ reference, target }) => ["push", "-q", noTls, reference, target],
  },
  {
    name: "save",
    budget: 1.0,
    needsImage: true,
    args: ({ reference, archive }) => ["save", "-q", "-o", archive, reference],
  },
  { name: "load", budget: 1.0, needsImage: false, args: ({ archive }) => ["load", "-q", "-i", archive] },
];

/** A 400 MB, 25 000 file, 6 layer image, from and to a real registry on the loopback interface and in archives. */
export const transferRows: readonly Row[] = transfers.map((transfer) => ({
  name: transfer.name,
  title: `${transfer.name} of a 400 MB, 25 000 file, 6 layer image`,
  budget: transfer.budget,
  measure: ({ dhow, podman }) =>
    withImage(pushBigImage, async (reference, folder) => {
      const times = { dhow: [] as number[], podman: [] as number[] };
      for (let round = 0; round < 3; round++) {
        for (const engine of [dhow, podman]) {
          times[engine.name].push(await once(engine, transfer, { reference, folder, run: timed }));
        }
      }
      return { dhow: median(times.dhow), podman: median(times.podman), unit: "ms" };
    }),
}));

/** The most memory that dhow has at once, for a layer of 400 MB beside one of 40 MB: it must not grow with the layer. */
export const memoryRows: readonly Row[] = transfers.map((transfer) => ({
  name: `${transfer.name}-memory`,
  title: `peak memory of ${transfer.name}, a layer of 400 MB beside one of 40 MB`,
  budget: 1.3,
  async measure({ dhow }) {
    const peak = (megabytes: number) =>
      withImage(
        (folder, reference) => pushLargeLayer(folder, reference, megabytes),
        (reference, folder) => once(dhow, transfer, { reference, folder, run: peakMemory }),
      );
    return { dhow: await peak(400), podman: await peak(40), unit: "MiB", baseline: "40 MB" };
  },
}));

interface Occasion {
  readonly reference: string;
  readonly folder: string;
  run(engine: Contestant, args: readonly string[]): number;
}

/** Prepares the store, does it once, and leaves the store as it was. */
async function once(engine: Contestant, transfer: Transfer, { reference, folder, run }: Occasion): Promise<number> {
  const registry = transfer.name === "push" ? await startRegistry() : undefined;
  const archive = join(folder, `${engine.name}.tar`);
  try {
    if (transfer.needsImage || transfer.name === "load") engine.run(["pull", "-q", noTls, reference]);
    if (transfer.name === "load") engine.run(["save", "-q", "-o", archive, reference]);
    if (!transfer.needsImage) engine.tryRun(["rmi", "-f", reference]);
    return run(engine, transfer.args({ reference, archive, target: `${registry?.host}/copy:latest` }));
  } finally {
    engine.tryRun(["rmi", "-f", reference]);
    rmSync(archive, { force: true });
    registry?.stop();
  }
}

async function withImage<T>(
  push: (folder: string, reference: string) => void,
  work: (reference: string, folder: string) => Promise<T>,
): Promise<T> {
  const registry: BenchRegistry = await startRegistry();
  const folder = output([...person().prefix, "mktemp", "-d", join(person().home, "bench-XXXXXX")]).trim();
  try {
    const reference = `${registry.host}/big:latest`;
    push(registry.folder, reference);
    return await work(reference, folder);
  } finally {
    registry.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function timed(engine: Contestant, args: readonly string[]): number {
  const start = performance.now();
  engine.run(args);
  return performance.now() - start;
}

/** The resident set of the largest of its processes, in MiB, as the kernel has kept it. */
function peakMemory(engine: Contestant, args: readonly string[]): number {
  const folder = mkdtempSync("/tmp/dhow-bench-memory-");
  try {
    const file = join(folder, "peak");
    output(["/usr/bin/time", "-f", "%M", "-o", file, ...engine.program, ...args], undefined, person().home);
    return Number(readFileSync(file, "utf8").trim().split("\n").at(-1)) / 1024;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
