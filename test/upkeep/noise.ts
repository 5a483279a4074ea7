import { randomBytes } from "node:crypto";

/** Bytes that no file system makes smaller. */
export function noise(bytes: number): Buffer {
  return randomBytes(bytes);
}
