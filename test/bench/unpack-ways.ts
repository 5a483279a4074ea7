/**
 * One run of one way to unpack a layer, for unpack-bench.ts, which bundles this as dhow is bundled:
 *   node unpack-ways.cjs WAY TARGET, with the layer as JSON in $LAYER
 * Without arguments it prints the names of the ways.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  futimesSync,
  linkSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import type { Digest } from "../../src/oci/digest.ts";
import { unpackLayer } from "../../src/storage/unpack/unpack-layer.ts";

export interface Layer {
  readonly tar: string;
  readonly gzip: string;
  readonly zstd: string;
  readonly diffId: Digest;
  readonly blobDigest: Digest;
}

const allIds = { uids: 2 ** 32, gids: 2 ** 32, ignoreChownErrors: true };

/** Ways to unpack a layer in Node, by name. */
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

const [way, target] = process.argv.slice(2);
if (way === undefined || target === undefined) process.stdout.write(`${JSON.stringify(Object.keys(ways))}\n`);
else void ways[way]?.(JSON.parse(process.env.LAYER ?? "{}") as Layer, target);

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
