import { readlinkSync } from "node:fs";

/** Whether the process that has started this one sees the same mounts. What cannot be looked at is elsewhere. */
export function callerSeesMounts(): boolean {
  try {
    return readlinkSync(`/proc/${process.ppid}/ns/mnt`) === readlinkSync("/proc/self/ns/mnt");
  } catch {
    return false;
  }
}
