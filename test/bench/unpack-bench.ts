/**
 * Measures the unpacking of one large gzip layer beside `tar -xzf`, tar-stream and the variants that were not chosen:
 *   node test/bench/unpack-bench.ts [--runs N] [--tree DIRECTORY] [--directory DIRECTORY]
 * Without --tree it makes a tree of 25 000 files and about 400 MB. The runs are interleaved, each into a fresh directory, and
 * nothing is removed before the end (ext4 creates files slowly for a while after a large tree was removed).
 * Each way is a fresh process, whose start is part of the time, of code that was bundled as dhow is.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createZstdCompress } from "node:zlib";
import { rolldown } from "rolldown";
import type { Digest } from "../../src/oci/digest.ts";
import { makeTree } from "./layer-tree.ts";
import type { Layer } from "./unpack-ways.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "5" },
    tree: { type: "string" },
    directory: { type: "string", default: tmpdir() },
  },
});

const checkout = fileURLToPath(new URL("../..", import.meta.url));
const baseline = "tar -xzf";
/** What can be compared with the ways that have the layer on disk when they end, as dhow's pulls do. */
const syncedBaseline = "tar -xzf, sync -f";

await main();

async function main(): Promise<void> {
  const work = mkdtempSync(join(values.directory, "dhow-unpack-bench-"));
  try {
    const layer = await makeLayer(work, values.tree ?? makeTree(join(work, "tree")));
    const samples = measure(layer, { work, program: await bundleWays() });
    report(samples);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

interface Sample {
  readonly wall: number;
  readonly cpu: number;
}

interface Place {
  readonly work: string;
  /** The bundled unpack-ways.ts. */
  readonly program: string;
}

function measure(layer: Layer, { work, program }: Place): Map<string, Sample[]> {
  const ways = JSON.parse(execFileSync(process.execPath, [program], { encoding: "utf8" })) as string[];
  const samples = new Map<string, Sample[]>();
  for (let run = 0; run < Number(values.runs); run++) {
    // Each way begins a round once, so that none always comes after the same one.
    const names = [baseline, syncedBaseline, ...ways];
    for (const way of [...names.slice(run % names.length), ...names.slice(0, run % names.length)]) {
      // What the way before has left to be written is not this one's work.
      execFileSync("sync", ["-f", work]);
      const target = join(work, `${run}-${samples.size}-${way.replaceAll(/\W+/g, "-")}`);
      mkdirSync(target);
      const sample = measureOnce(commandFor(way, { program, layer, target }), layer, target);
      console.error(`${way}: ${sample.wall.toFixed(2)} s (load ${loadavg()[0]?.toFixed(1)})`);
      samples.set(way, [...(samples.get(way) ?? []), sample]);
    }
  }
  return samples;
}

function commandFor(way: string, run: { program: string; layer: Layer; target: string }): string[] {
  const { program, layer, target } = run;
  if (way === baseline) return ["tar", "-xzf", layer.gzip, "-C", target];
  if (way === syncedBaseline) {
    return ["sh", "-c", 'tar -xzf "$1" -C "$2" && sync -f "$2"', "sh", layer.gzip, target];
  }
  return [process.execPath, program, way, target];
}

function measureOnce(argv: readonly string[], layer: Layer, target: string): Sample {
  const timing = join(dirname(target), "timing");
  // The shell's `times` counts all that the program started and waited for.
  const script = `"$@" && times > "${timing}"`;
  const started = performance.now();
  const { status } = spawnSync("sh", ["-c", script, "sh", ...argv], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, LAYER: JSON.stringify(layer) },
  });
  const wall = (performance.now() - started) / 1000;
  if (status !== 0) throw new Error(`${argv.join(" ")} failed`);
  const children = readFileSync(timing, "utf8").trim().split("\n").at(-1) ?? "";
  const cpu = [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (total, [, m, s]) => total + Number(m) * 60 + Number(s),
    0,
  );
  return { wall, cpu };
}

function report(samples: Map<string, Sample[]>): void {
  const median = (numbers: number[]) => numbers.sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
  const base = median((samples.get(baseline) ?? []).map(({ wall }) => wall));
  console.log(
    `medians of ${values.runs} interleaved runs, ${availableParallelism()} cores, load ${loadavg()
      .map((load) => load.toFixed(1))
      .join(" ")}`,
  );
  for (const [way, runs] of samples) {
    const wall = median(runs.map((run) => run.wall));
    const cpu = median(runs.map((run) => run.cpu));
    const least = Math.min(...runs.map((run) => run.wall));
    console.log(
      `${way.padEnd(48)} ${wall.toFixed(2)} s  (least ${least.toFixed(2)}, cpu ${cpu.toFixed(2)})  ${(wall / base).toFixed(2)} of tar -xzf`,
    );
  }
}

async function makeLayer(work: string, tree: string): Promise<Layer> {
  const [tar, gzip, zstd] = ["layer.tar", "layer.tar.gz", "layer.tar.zst"].map((name) => join(work, name)) as [
    string,
    string,
    string,
  ];
  execFileSync("tar", ["-cf", tar, "-C", tree, "."]);
  execFileSync("sh", ["-c", 'gzip -6 <"$1" >"$2"', "sh", tar, gzip]);
  await pipeline(createReadStream(tar), createZstdCompress(), createWriteStream(zstd));
  console.error(
    `layer: ${execFileSync("stat", ["-c", "%s", tar, gzip]).toString().trim().replace("\n", " bytes, gzip ")} bytes`,
  );
  return { tar, gzip, zstd, diffId: await digestOf(tar), blobDigest: await digestOf(gzip) };
}

async function digestOf(path: string): Promise<Digest> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return `sha256:${hash.digest("hex")}` as Digest;
}

/** Where koffi is found from, unlike in a folder for temporary files. */
async function bundleWays(): Promise<string> {
  const dir = join(checkout, ".cache/unpack-bench");
  const bundle = await rolldown({
    input: {
      "unpack-ways": join(checkout, "test/bench/unpack-ways.ts"),
      "unpack-worker": join(checkout, "src/storage/unpack/worker.ts"),
    },
    platform: "node",
    external: ["koffi"],
  });
  await bundle.write({ dir, format: "cjs", entryFileNames: "[name].cjs", chunkFileNames: "[name].cjs" });
  await bundle.close();
  return join(dir, "unpack-ways.cjs");
}
