import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { output } from "./engines.ts";

export interface BenchRegistry {
  readonly host: string;
  readonly folder: string;
  stop(): void;
}

/** An empty registry on the loopback interface. */
export async function startRegistry(): Promise<BenchRegistry> {
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
    host: `127.0.0.1:${port}`,
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

/** 400 MB in 25 000 files and 6 layers, of compressible and of random content, as a distribution's image has. Pushed by skopeo. */
export function pushBigImage(folder: string, reference: string): void {
  pushLayers(folder, reference, {
    count: 6,
    // Called with the layer's number, in a folder of its own.
    fill: `mkdir -p usr/share/$1; L=$1 perl -e 'my $n = shift; srand(shift); for my $i (1..$n) {
        my $d = "usr/share/$ENV{L}/" . int($i / 60); mkdir $d; open my $f, ">", "$d/file$i";
        my $size = int(rand() ** 3 * 62000); my $block = join("", map { chr(97 + int(rand(26))) } 1..200) x 10;
        while ($size > 0) {
          print $f rand() < 0.35 ? join("", map { chr(int(rand(256))) } 1..1000) : substr($block, 0, 1000), "\\n"; $size -= 1000
        } }' 4200 $1`,
  });
}

/** One layer of so many megabytes that hardly compress. */
export function pushLargeLayer(folder: string, reference: string, megabytes: number): void {
  pushLayers(folder, reference, {
    count: 1,
    fill: `for file in $(seq ${megabytes / 10}); do head -c 10000000 /dev/urandom >file$file; done`,
  });
}

interface LayerScript {
  readonly count: number;
  readonly fill: string;
}

function pushLayers(folder: string, reference: string, { count, fill }: LayerScript): void {
  const script = `
    cd "$1"; diffs=; layers=
    for layer in $(seq ${count}); do
      mkdir root; (cd root; sh -ec "$4" sh $layer)
      tar -C root --owner=0 --group=0 -cf layer$layer.tar . ; rm -r root
      diffs="$diffs,\\"sha256:$(sha256sum layer$layer.tar | cut -d' ' -f1)\\""; layers="$layers,\\"layer$layer.tar\\""
    done
    printf '{"architecture":"%s","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[%s]}}' "$2" "\${diffs#,}" > config.json
    printf '[{"Config":"config.json","RepoTags":["big:latest"],"Layers":[%s]}]' "\${layers#,}" > manifest.json
    tar -cf big.tar manifest.json config.json layer*.tar
    skopeo copy -q --insecure-policy --dest-tls-verify=false docker-archive:big.tar docker://$3
    rm -f big.tar layer*.tar`;
  output(["sh", "-ec", script, "sh", folder, process.arch === "x64" ? "amd64" : "arm64", reference, fill]);
}

/** 1 000 images that share a layer, in one archive. */
export function manyImagesArchive(folder: string): string {
  const script = `
    cd "$1"; chmod 755 .; mkdir root; echo hello >root/file; tar -C root --owner=0 --group=0 -cf layer.tar .
    diff=$(sha256sum layer.tar | cut -d' ' -f1); entries=
    for number in $(seq 1000); do
      printf '{"architecture":"%s","os":"linux","config":{"Labels":{"number":"%s"}},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$2" $number $diff >$number.json
      entries="$entries,{\\"Config\\":\\"$number.json\\",\\"RepoTags\\":[\\"localhost/many/image$number:latest\\"],\\"Layers\\":[\\"layer.tar\\"]}"
    done
    printf '[%s]' "\${entries#,}" >manifest.json
    tar -cf many.tar manifest.json layer.tar $(seq -f %g.json 1000); chmod 644 many.tar`;
  output(["sh", "-ec", script, "sh", folder, process.arch === "x64" ? "amd64" : "arm64"]);
  return `${folder}/many.tar`;
}
