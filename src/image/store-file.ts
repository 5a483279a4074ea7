import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, rmSync } from "node:fs";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Engine } from "../engine.ts";
import { DhowError, errnoOf } from "../errors.ts";
import { type Digest, parseDigest } from "../oci/digest.ts";
import { newTemporaryPath } from "../storage/temporary.ts";

/**
 * Copies a file of the user's, however large, into the store as a blob.
 * @throws {DhowError} `not-found` if it cannot be read.
 */
export async function storeFile(
  { blobs, paths }: Pick<Engine, "blobs" | "paths">,
  path: string,
): Promise<{ digest: Digest; size: number }> {
  const temporary = newTemporaryPath(paths.data);
  const hash = createHash("sha256");
  let size = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      size += chunk.length;
      done(null, chunk);
    },
  });
  try {
    const source = createReadStream(path, { highWaterMark: 1 << 20 });
    await pipeline(source, measure, createWriteStream(temporary, { mode: 0o600 }));
    const digest = parseDigest(`sha256:${hash.digest("hex")}`);
    blobs.adopt(temporary, digest);
    return { digest, size };
  } catch (cause) {
    throw unreadable(path, cause);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** What reading a file of the user's failed with, as an error of ours. */
export function unreadable(path: string, cause: unknown): unknown {
  if (cause instanceof DhowError || errnoOf(cause) === undefined) return cause;
  if (errnoOf(cause) === "ENOSPC") return new DhowError(`cannot store ${path}`, { kind: "unavailable", cause });
  return new DhowError(`cannot read ${path}`, { kind: "not-found", cause });
}
