import { mkdirSync } from "node:fs";
import { tryRun } from "../system/process.ts";
import { runFiles } from "./files.ts";

/**
 * Prepares the folder for a container's /dev/shm that other containers can join, and says how to mount it. Most containers
 * need none: theirs is mounted by the runtime, out of everybody's reach, which costs no program.
 */
export function prepareSharedMemory(runDirectory: string, sizeBytes: number): readonly [string, ...string[]] {
  const { shm } = runFiles(runDirectory);
  mkdirSync(shm, { recursive: true });
  return ["mount", "-t", "tmpfs", "-o", `nosuid,nodev,noexec,mode=1777,size=${sizeBytes}`, "shm", shm];
}

/** Takes it away; those who have joined keep it. Idempotent. */
export function unmountSharedMemory(runDirectory: string): void {
  tryRun(["umount", "-l", runFiles(runDirectory).shm]);
}
