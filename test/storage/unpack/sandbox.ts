import { createHash } from "node:crypto";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import type { UnpackResult } from "../../../src/storage/unpack/unpack-layer.ts";
import { type UnpackOptions, unpackLayer } from "../../../src/storage/unpack/unpack-layer.ts";

/** A folder with a layer directory and things around it that no archive may touch. */
export interface Sandbox {
  readonly path: string;
  readonly layer: string;
  unpack(blob: Buffer, options?: Partial<UnpackOptions>): Promise<UnpackResult>;
  /** What is in the layer directory: path -> kind and content. */
  tree(): Record<string, string>;
  /** The same of everything beside the layer. */
  outside(): Record<string, string>;
}

const isRoot = process.getuid?.() === 0;
const created: string[] = [];

export function createSandbox(): Sandbox {
  const path = mkdtempSync(join(tmpdir(), "dhow-unpack-"));
  created.push(path);
  const layer = join(path, "layer");
  mkdirSync(layer);
  mkdirSync(join(path, "outside"));
  writeFileSync(join(path, "outside", "secret"), "untouched");
  let blobs = 0;
  return {
    path,
    layer,
    unpack(blob, options) {
      const file = join(path, `blob-${blobs++}`);
      writeFileSync(file, blob);
      return unpackLayer({
        source: { path: file },
        directory: layer,
        whiteouts: "overlay",
        ids: allIds,
        volatile: true,
        ...options,
      });
    },
    tree: () => describeTree(layer),
    outside: () => describeTree(join(path, "outside")),
  };
}

/** As root any owner can be tried; else files are ours. */
export const allIds = isRoot
  ? { uids: 2 ** 32, gids: 2 ** 32, ignoreChownErrors: false }
  : { uids: 1, gids: 1, ignoreChownErrors: false };

export const itAsRoot = isRoot;

afterEach(() => {
  for (const path of created.splice(0)) rmSync(path, { recursive: true, force: true });
});

export function sha256(content: Buffer): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

export function describeTree(root: string): Record<string, string> {
  const found: Record<string, string> = {};
  const visit = (path: string, name: string): void => {
    for (const child of readdirSync(Buffer.from(path, "latin1"), { encoding: "latin1" }).sort()) {
      const bytes = Buffer.from(`${path}/${child}`, "latin1");
      const stats = lstatSync(bytes);
      const key = name === "" ? child : `${name}/${child}`;
      if (stats.isDirectory()) {
        found[key] = "directory";
        visit(`${path}/${child}`, key);
      } else if (stats.isSymbolicLink()) found[key] = `-> ${readlinkSync(bytes, { encoding: "latin1" })}`;
      else if (stats.isFile()) found[key] = `file ${readFileSync(bytes, "latin1")}`;
      else if (stats.isFIFO()) found[key] = "fifo";
      else if (stats.isCharacterDevice()) found[key] = stats.rdev === 0 ? "whiteout" : "device";
      else found[key] = "other";
    }
  };
  visit(Buffer.from(root).toString("latin1"), "");
  return found;
}
