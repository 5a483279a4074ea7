import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { manyImagesArchive } from "./big-image.ts";
import { type Contestant, memoryOf, output, person } from "./engines.ts";
import { type Measurement, median, type Row } from "./measurement.ts";
import { ensureNetwork, networkName, networkRows } from "./network-rows.ts";
import { memoryRows, transferRows } from "./transfers.ts";

export const image = "localhost/bench:latest";

export const rows: readonly Row[] = [
  timed("run-none", "run --rm --network none IMAGE true", 1.0, () => [
    "run",
    "--rm",
    "--network",
    "none",
    image,
    "true",
  ]),
  timed("run-network", "run --rm IMAGE true, on the default network", 1.0, () => ["run", "--rm", image, "true"]),
  timed("run-bridge", "run --rm IMAGE true, in a network with names", 0.9, (engine) => {
    ensureNetwork(engine);
    return ["run", "--rm", "--network", networkName, image, "true"];
  }),
  timed("ps", "ps", 1.3, () => ["ps"]),
  timed("images", "images", 1.3, () => ["images"]),
  timed("inspect", "inspect IMAGE", 1.1, () => ["inspect", image]),
  timed("version", "version", 1.1, () => ["version"]),
  timed("exec", "exec CTR true", 0.9, (engine) => {
    startIdle(engine);
    return ["exec", "bench-idle", "true"];
  }),
  ...transferRows,
  ...memoryRows,
  ...networkRows({ image, ensureImage }),
  timed("images-1000", "images, with 1 000 images", 1.0, (engine) => {
    loadManyImages(engine);
    return ["images"];
  }),
  { name: "parallel", title: "50 parallel run -d", budget: 1.0, measure: inTurns(parallelRuns) },
  {
    name: "memory",
    title: "memory of one idle container, all helper processes (PSS)",
    budget: 1.0,
    measure: idleMemory,
  },
];

/** Medians of whole commands by hyperfine, the engines taking turns. */
function timed(name: string, title: string, budget: number, prepare: (engine: Contestant) => string[]): Row {
  return {
    name,
    title,
    budget,
    async measure({ dhow, podman }) {
      const times = { dhow: [] as number[], podman: [] as number[] };
      for (const engine of [dhow, podman]) ensureImage(engine);
      for (let round = 0; round < 4; round++) {
        for (const engine of [dhow, podman]) times[engine.name].push(...hyperfine(engine, prepare(engine)));
      }
      return { dhow: median(times.dhow), podman: median(times.podman), unit: "ms" };
    },
  };
}

export function inTurns(once: (engine: Contestant) => Promise<number>, rounds = 3) {
  return async ({ dhow, podman }: { dhow: Contestant; podman: Contestant }): Promise<Measurement> => {
    const times = { dhow: [] as number[], podman: [] as number[] };
    for (const engine of [dhow, podman]) ensureImage(engine);
    for (let round = 0; round < rounds; round++) {
      for (const engine of [dhow, podman]) times[engine.name].push(await once(engine));
    }
    return { dhow: median(times.dhow), podman: median(times.podman), unit: "ms" };
  };
}

function hyperfine(engine: Contestant, args: string[]): number[] {
  const me = person();
  const file = join(me.home, `bench-${process.pid}.json`);
  // hyperfine runs as the user, so that becoming the user is not measured
  const command = [...engine.program.slice(me.prefix.length), ...args].join(" ");
  output([...me.prefix, "hyperfine", "-N", "-w", "3", "-r", "15", "--export-json", file, command], undefined, me.home);
  const { results } = JSON.parse(readFileSync(file, "utf8")) as { results: { times: number[] }[] };
  rmSync(file);
  return (results[0]?.times ?? []).map((seconds) => seconds * 1000);
}

/** The same image for both: a busybox root filesystem. */
export function ensureImage(engine: Contestant): void {
  try {
    engine.run(["image", "exists", image]);
  } catch {
    engine.run(["load", "-i", imageArchive()]);
  }
}

let archive: string | undefined;
function imageArchive(): string {
  archive ??= buildArchive();
  return archive;
}

function buildArchive(): string {
  const folder = mkdtempSync("/tmp/dhow-bench-image-");
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const script = `
    cd "$1"; chmod 755 .; mkdir -p root/bin root/tmp layer
    for applet in $(busybox --list); do ln -s busybox root/bin/$applet; done
    rm root/bin/busybox; cp "$(command -v busybox)" root/bin/busybox
    tar -C root --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf layer/layer.tar .
    diff=$(sha256sum layer/layer.tar | cut -d' ' -f1)
    printf '{"architecture":"%s","os":"linux","config":{"Cmd":["sh"],"Env":["PATH=/bin"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$2" "$diff" > config.json
    printf '[{"Config":"config.json","RepoTags":["${image}"],"Layers":["layer/layer.tar"]}]' > manifest.json
    tar -cf image.tar manifest.json config.json layer/layer.tar; chmod 644 image.tar`;
  output(["sh", "-ec", script, "sh", folder, process.arch === "x64" ? "amd64" : "arm64"]);
  return join(folder, "image.tar");
}

/** Loaded once: the other rows that list images come before. */
function loadManyImages(engine: Contestant): void {
  if (engine.run(["images", "-q", "--filter", "label=number=1000"]).trim() !== "") return;
  const folder = mkdtempSync("/tmp/dhow-bench-many-");
  try {
    engine.run(["load", "-q", "-i", manyImagesArchive(folder)]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function startIdle(engine: Contestant): void {
  engine.tryRun(["rm", "-f", "-t", "0", "bench-idle"]);
  engine.run(["run", "-d", "--name", "bench-idle", "--network", "none", image, "sleep", "1000"]);
}

async function parallelRuns(engine: Contestant): Promise<number> {
  const start = performance.now();
  const codes = await Promise.all(
    Array.from({ length: 50 }, () => engine.start(["run", "-d", "--network", "none", image, "sleep", "1000"])),
  );
  const elapsed = performance.now() - start;
  if (codes.some((code) => code !== 0))
    throw new Error(`${engine.name}: ${codes.filter(Boolean).length} of 50 parallel runs failed`);
  engine.run(["rm", "-a", "-f", "-t", "0"]);
  return elapsed;
}

async function idleMemory({ dhow, podman }: { dhow: Contestant; podman: Contestant }): Promise<Measurement> {
  const uid = Number(output([...person().prefix, "id", "-u"]));
  const names = new Set(["conmon", "pasta", "pasta.avx2", "passt", "passt.avx2", "slirp4netns", "fuse-overlayfs"]);
  const held = (engine: Contestant): number => {
    ensureImage(engine);
    const before = memoryOf(names, uid);
    engine.run(["run", "-d", "--name", "bench-memory", image, "sleep", "1000"]);
    const held = memoryOf(names, uid) - before;
    engine.run(["rm", "-f", "-t", "0", "bench-memory"]);
    return held;
  };
  return { dhow: held(dhow), podman: held(podman), unit: "MiB" };
}
