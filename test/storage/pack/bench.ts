import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type PackOptions, type PackSource, packTree } from "../../../src/storage/pack/pack-tree.ts";
import { unpackLayer } from "../../../src/storage/unpack/unpack-layer.ts";
import type { WhiteoutMode } from "../../../src/storage/unpack/whiteouts.ts";
import { libc } from "../../../src/system/libc.ts";
import { allIds } from "../unpack/sandbox.ts";

/** A folder of a test, with layers being packed and unpacked. */
export interface Bench {
  readonly path: string;
  /** A folder below, made with what `fill` puts into it. */
  folder(name: string, fill?: (path: string) => void): string;
  pack(
    source: PackSource,
    options?: Partial<PackOptions>,
  ): Promise<Awaited<ReturnType<typeof packTree>> & { file: string }>;
  unpack(file: string, into?: { directory?: string; whiteouts?: WhiteoutMode }): Promise<string>;
}

export function openBench(): Bench {
  const path = mkdtempSync(join(tmpdir(), "dhow-pack-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  let files = 0;
  const folder: Bench["folder"] = (name, fill = () => {}) => {
    mkdirSync(join(path, name), { mode: 0o755, recursive: true });
    fill(join(path, name));
    return join(path, name);
  };
  return {
    path,
    folder,
    async pack(source, options) {
      const file = join(path, `blob-${files++}`);
      const result = await packTree({ compression: "gzip", source, ...options }, file);
      return { ...result, file };
    },
    async unpack(file, { directory = folder(`unpacked-${files++}`), whiteouts = "overlay" } = {}) {
      const ids = allIds;
      await unpackLayer({ source: { path: file }, directory, whiteouts, ids, volatile: true });
      return directory;
    },
  };
}

/** Kind, mode, owner, size, whole seconds, links and target of everything in a tree. */
export function inventory(root: string): string {
  const format = "%P\\0%y %m %U:%G %s %Ts %n %l\\0";
  const options = { maxBuffer: 64 << 20 };
  // The size of a folder is its file system's business.
  const text = execFileSync("find", [root, "-mindepth", "1", "-printf", format], options).toString("latin1");
  const fields = text.split("\0");
  return fields
    .map((field) => field.replace(/^(d \d+ \d+:\d+) \d+/, "$1"))
    .reduce<string[]>((lines, field, index) => {
      if (index % 2 === 0) lines.push(field);
      else lines.push(`${lines.pop()} ${field}`);
      return lines;
    }, [])
    .sort()
    .join("\n");
}

export function xattr(path: string, name: string): string | undefined {
  return libc().getXattr(path, name)?.toString("latin1");
}
