import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { type Contestant, output } from "./engines.ts";
import { median, type Row } from "./measurement.ts";

/** Pull of a 400 MB, 25 000 file, 6 layer image from a real registry on the loopback interface. */
export const pullRow: Row = {
  name: "pull",
  title: "pull of a 400 MB, 25 000 file, 6 layer image",
  budget: 0.8,
  async measure({ dhow, podman }) {
    const registry = await startRegistry();
    try {
      const reference = `127.0.0.1:${registry.port}/big:latest`;
      pushBigImage(registry.folder, reference);
      const times = { dhow: [] as number[], podman: [] as number[] };
      for (let round = 0; round < 3; round++) {
        for (const engine of [dhow, podman]) times[engine.name].push(pullOnce(engine, reference));
      }
      return { dhow: median(times.dhow), podman: median(times.podman), unit: "ms" };
    } finally {
      registry.stop();
    }
  },
};

function pullOnce(engine: Contestant, reference: string): number {
  engine.tryRun(["rmi", "-f", reference]);
  const start = performance.now();
  engine.run(["pull", "-q", "--tls-verify=false", reference]);
  const elapsed = performance.now() - start;
  engine.run(["rmi", "-f", reference]);
  return elapsed;
}

async function startRegistry(): Promise<{ port: number; folder: string; stop(): void }> {
  const folder = mkdtempSync("/tmp/dhow-bench-registry-");
  const port = await freePort();
  const config = `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${folder}/data}}\nhttp: {addr: 127.0.0.1:${port}}\n`;
  writeFileSync(`${folder}/config.yml`, config);
  const server = spawn("docker-registry", ["serve", `${folder}/config.yml`], { stdio: "ignore" });
  for (let attempt = 0; attempt < 100; attempt++) {
    const answer = await fetch(`http://127.0.0.1:${port}/v2/`).catch(() => undefined);
    if (answer?.ok) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    port,
    folder,
    stop() {
      server.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

/** Files of compressible and of random content, as a distribution's image has; pushed by skopeo. */
function pushBigImage(folder: string, reference: string): void {
  const script = `
    cd "$1"; mkdir -p oci; diffs=; layers=
    for layer in 1 2 3 4 5 6; do
      export L=$layer; mkdir -p root/usr/share/$layer
      perl -e 'my $n = shift; srand(shift); for my $i (1..$n) { my $d = "root/usr/share/$ENV{L}/" . int($i / 60); mkdir $d; open my $f, ">", "$d/file$i";
        my $size = int(rand() ** 3 * 62000); my $block = join("", map { chr(97 + int(rand(26))) } 1..200) x 10;
        while ($size > 0) { print $f rand() < 0.35 ? join("", map { chr(int(rand(256))) } 1..1000) : substr($block, 0, 1000), "\\n"; $size -= 1000 } }' 4200 $layer
      tar -C root --owner=0 --group=0 -cf layer$layer.tar . ; rm -r root
      diffs="$diffs,\\"sha256:$(sha256sum layer$layer.tar | cut -d' ' -f1)\\""; layers="$layers,\\"layer$layer.tar\\""
    done
    printf '{"architecture":"%s","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[%s]}}' "$2" "\${diffs#,}" > config.json
    printf '[{"Config":"config.json","RepoTags":["big:latest"],"Layers":[%s]}]' "\${layers#,}" > manifest.json
    tar -cf big.tar manifest.json config.json layer*.tar
    skopeo copy -q --insecure-policy --dest-tls-verify=false docker-archive:big.tar docker://$3
    ls -l big.tar; rm -f big.tar layer*.tar`;
  output(["sh", "-ec", script, "sh", folder, process.arch === "x64" ? "amd64" : "arm64", reference]);
}
