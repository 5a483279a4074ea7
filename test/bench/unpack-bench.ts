/**
 * Measures the unpacking of one large gzip layer beside `tar -xzf`, tar-stream and the variants that were not chosen:
 *   node test/bench/unpack-bench.ts [--runs N] [--tree DIRECTORY] [--directory DIRECTORY]
 * Without --tree it makes a tree of 25 000 files and about 400 MB. The runs are interleaved, each into a fresh directory, and
 * nothing is removed before the end (ext4 creates files slowly for a while after a large tree was removed).
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  createWriteStream,
  futimesSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createGunzip, createZstdCompress } from "node:zlib";
import { extract } from "tar-stream";
import type { Digest } from "../../src/oci/digest.ts";
import { unpackLayer } from "../../src/storage/unpack/unpack-layer.ts";
import { makeTree } from "./layer-tree.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "5" },
    tree: { type: "string" },
    directory: { type: "string", default: tmpdir() },
    /** Internal: one run of one way, in a process of its own. */
    way: { type: "string" },
    target: { type: "string" },
  },
});

interface Layer {
  readonly tar: string;
  readonly gzip: string;
  readonly zstd: string;
  readonly diffId: Digest;
  readonly blobDigest: Digest;
}

const allIds = { uids: 2 ** 32, gids: 2 ** 32, ignoreChownErrors: true };

const baseline = "tar -xzf";

/** What is compared with it, each in a fresh Node process, whose start is part of the time. */
const ways: Record<string, (layer: Layer, target: string) => Promise<unknown>> = {
  "dhow, gzip, both digests, synced": ({ gzip, diffId, blobDigest }, directory) =>
    unpackLayer({ source: { path: gzip }, diffId, blobDigest, directory, whiteouts: "overlay", ids: allIds }),
  "dhow, gzip, both digests": ({ gzip, diffId, blobDigest }, directory) =>
    unpackLayer({
      ...{ source: { path: gzip }, diffId, blobDigest, directory },
      ...{ whiteouts: "overlay", ids: allIds, volatile: true },
    }),
  "dhow, zstd, diff id": ({ zstd, diffId }, directory) =>
    unpackLayer({ source: { path: zstd }, diffId, directory, whiteouts: "overlay", ids: allIds, volatile: true }),
  "tar-stream + synchronous writes, both digests": unpackWithTarStream,
  "tar -x fed by Node, both digests": unpackWithGnuTar,
};

if (values.way === undefined) await main();
else await ways[values.way]?.(JSON.parse(process.env.LAYER ?? "{}") as Layer, values.target ?? "");

async function main(): Promise<void> {
  const work = mkdtempSync(join(values.directory, "dhow-unpack-bench-"));
  try {
    const layer = await makeLayer(work, values.tree ?? makeTree(join(work, "tree")));
    const samples = measure(layer, work);
    report(samples);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

interface Sample {
  readonly wall: number;
  readonly cpu: number;
}

function measure(layer: Layer, work: string): Map<string, Sample[]> {
  const samples = new Map<string, Sample[]>();
  for (let run = 0; run < Number(values.runs); run++) {
    // Each way begins a round once, so that none always comes after the same one.
    const names = [baseline, ...Object.keys(ways)];
    for (const way of [...names.slice(run % names.length), ...names.slice(0, run % names.length)]) {
      // What the way before has left to be written is not this one's work.
      execFileSync("sync", ["-f", work]);
      const target = join(work, `${run}-${samples.size}-${way.replaceAll(/\W+/g, "-")}`);
      mkdirSync(target);
      const sample = measureOnce(way, layer, target);
      console.error(`${way}: ${sample.wall.toFixed(2)} s (load ${loadavg()[0]?.toFixed(1)})`);
      samples.set(way, [...(samples.get(way) ?? []), sample]);
    }
  }
  return samples;
}

function measureOnce(way: string, layer: Layer, target: string): Sample {
  const self = fileURLToPath(import.meta.url);
  const argv =
    way === baseline
      ? ["tar", "-xzf", layer.gzip, "-C", target]
      : [process.execPath, self, "--way", way, "--target", target];
  const timing = join(dirname(target), "timing");
  // The shell's `times` counts all that the program started and waited for.
  const script = `"$@" && times > "${timing}"`;
  const started = performance.now();
  const { status } = spawnSync("sh", ["-c", script, "sh", ...argv], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, LAYER: JSON.stringify(layer) },
  });
  const wall = (performance.now() - started) / 1000;
  if (status !== 0) throw new Error(`${way} failed`);
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

async function unpackWithTarStream({ gzip, diffId, blobDigest }: Layer, target: string): Promise<void> {
  const tar = extract();
  const consume = async () => {
    for await (const entry of tar) {
      const path = join(target, entry.header.name);
      const { type = "file", linkname = "", mtime = new Date(0), mode = 0o644 } = entry.header;
      if (type === "directory") mkdirSync(path, { recursive: true });
      else if (type === "symlink") symlinkSync(linkname, path);
      else if (type === "link") linkSync(join(target, linkname), path);
      else if (type === "file") {
        const fd = openSync(path, "wx", mode);
        for await (const chunk of entry) writeSync(fd, chunk as Buffer);
        futimesSync(fd, mtime, mtime);
        closeSync(fd);
        continue;
      }
      entry.resume();
    }
  };
  await Promise.all([feed({ gzip, diffId, blobDigest }, tar as unknown as NodeJS.WritableStream), consume()]);
}

async function unpackWithGnuTar({ gzip, diffId, blobDigest }: Layer, target: string): Promise<void> {
  const child = spawn("tar", ["-x", "-C", target], { stdio: ["pipe", "inherit", "inherit"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  await feed({ gzip, diffId, blobDigest }, child.stdin);
  await ended;
}

async function feed(
  { gzip, diffId, blobDigest }: Pick<Layer, "gzip" | "diffId" | "blobDigest">,
  into: NodeJS.WritableStream,
): Promise<void> {
  const [blob, archive] = [createHash("sha256"), createHash("sha256")];
  const source = createReadStream(gzip, { highWaterMark: 1 << 20 }).on("data", (chunk) => blob.update(chunk));
  const inflated = createGunzip({ chunkSize: 1 << 20 }).on("data", (chunk: Buffer) => archive.update(chunk));
  await pipeline(source, inflated, into);
  if (`sha256:${blob.digest("hex")}` !== blobDigest || `sha256:${archive.digest("hex")}` !== diffId)
    throw new Error("digest");
}
