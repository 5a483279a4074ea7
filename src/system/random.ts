import { closeSync, openSync, readSync } from "node:fs";

/** Random bytes of the kernel as hex digits. node:crypto would take 4 ms to load for it. */
export function randomHex(bytes: number): string {
  const buffer = Buffer.alloc(bytes);
  const device = openSync("/dev/urandom", "r");
  try {
    // The device gives up to 256 bytes at once, whole.
    readSync(device, buffer, 0, bytes, null);
  } finally {
    closeSync(device);
  }
  return buffer.toString("hex");
}
