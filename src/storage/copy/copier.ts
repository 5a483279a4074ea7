import { mkdirSync, readFileSync, statSync, writeFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { DhowError, errnoOf } from "../../errors.ts";
import { libc } from "../../system/libc.ts";
import { createTarParser } from "../unpack/tar-parser.ts";
import { locate } from "./locate.ts";
import type { BindMount, CopyAnswer, CopyRequest, PutOptions } from "./messages.ts";
import { createPutter } from "./put.ts";
import { takeTree } from "./take.ts";

/**
 * The entry of the process that copies to or from a tree whose owner may be hostile. Its file descriptor 3 is the root of
 * the tree. It enters that with chroot(2), so that no link in the tree can lead out of it, whatever is changed meanwhile.
 * It is asked over its IPC channel, and ends when that is closed.
 */
const rootPath = "/proc/self/fd/3";
const bindRecursively = 0x1000 | 0x4000;

process.on("disconnect", () => process.exit(0));
process.on("message", (request: CopyRequest) => {
  answer(request).then(
    (value) => tell({ ok: true, value }),
    (error: unknown) => tell(toAnswer(error)),
  );
});

function tell(message: CopyAnswer): void {
  process.send?.(message);
}

async function answer(request: CopyRequest): Promise<unknown> {
  switch (request.op) {
    case "enter":
      return enter(request.mounts);
    case "locate":
      return locate(request.path);
    case "read":
      return readText(request.path, request.limitBytes);
    case "take":
      for (const chunk of takeTree(request.path, request.name)) writeAll(chunk);
      return undefined;
    case "put":
      return put(request);
  }
}

function enter(mounts: readonly BindMount[]): void {
  // Loaded while the library can still be found.
  const calls = libc();
  process.umask(0);
  process.chdir(rootPath);
  for (const mount of mounts) showMount(mount);
  calls.chroot(".");
  process.chdir("/");
}

/** Nobody else changes the tree yet: the container does not run, and is locked. */
function showMount({ source, destination }: BindMount): void {
  const stats = statSync(source, { throwIfNoEntry: false });
  if (!stats) return;
  const target = `.${locate(destination, ".").target}`;
  if (stats.isDirectory()) {
    mkdirSync(target, { recursive: true, mode: 0o755 });
  } else if (!statSync(target, { throwIfNoEntry: false })) {
    mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
    writeFileSync(target, "");
  }
  libc().mount({ source, target, type: "", flags: bindRecursively, data: "" });
}

function readText(path: string, limitBytes: number): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() && stats.size <= limitBytes ? readFileSync(path, "utf8") : undefined;
}

async function put(options: PutOptions): Promise<string[]> {
  const putter = createPutter(options);
  const parser = createTarParser(putter);
  for await (const chunk of process.stdin) parser.push(chunk as Buffer);
  parser.end();
  return putter.finish();
}

function writeAll(bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
}

function toAnswer(error: unknown): CopyAnswer {
  if (error instanceof DhowError) return { ok: false, kind: error.kind, message: error.message };
  const code = errnoOf(error);
  const message = error instanceof Error ? error.message.replace(/^[A-Z]+: /, "") : String(error);
  const kind = code === "EACCES" || code === "EPERM" ? "permission-denied" : "unavailable";
  return { ok: false, kind, message };
}
