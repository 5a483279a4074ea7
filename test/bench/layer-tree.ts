import { linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Makes a tree like a distribution's: 25 000 entries, about 400 MB, many small files and few large ones, which gzip
 * packs to about a third. The same on every machine.
 */
export function makeTree(root: string): string {
  const random = createRandom(12345);
  const words = Array.from({ length: 4000 }, () => Math.floor(random() * 36 ** 5).toString(36));
  const text = Buffer.from(Array.from({ length: 1 << 18 }, () => words[Math.floor(random() ** 2 * 4000)]).join(" "));
  const instructions = Array.from({ length: 300 }, () => Array.from({ length: 4 }, () => Math.floor(random() * 256)));
  const code = Buffer.from(
    Array.from({ length: 1 << 18 }, () => instructions[Math.floor(random() * 300)] ?? []).flat(),
  );
  const folders = Array.from({ length: 1111 }, (_, index) => join(root, "usr", `d${index % 23}`, `sub${index}`));
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  for (let index = 0; index < 24_000; index++) {
    const path = join(folders[index % folders.length] as string, `file-${index}`);
    if (index % 13 === 12) symlinkSync(`file-${index - 1}`, path);
    else if (index % 101 === 100) linkSync(join(folders[0] as string, "file-0"), path);
    else writeFileSync(path, pick(index % 3 === 0 ? code : text, sizeOf(random()), random()));
  }
  return root;
}

/** 100 bytes to 400 kB, most of them small. */
function sizeOf(chance: number): number {
  return Math.floor(100 * 2 ** (chance ** 3 * 12));
}

function pick(source: Buffer, size: number, where: number): Buffer {
  const start = Math.floor(where * (source.length - size));
  return source.subarray(start, start + size);
}

/** Numbers from 0 to 1, always the same. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
