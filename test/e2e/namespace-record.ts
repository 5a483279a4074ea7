import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The content of DATA/namespace/BOOT_ID. */
export interface NamespaceRecord {
  readonly pid: number;
  readonly startTime: string;
  readonly runFolder: string;
}

/** What dhow has written down about the namespaces of the user of this home directory. */
export function namespaceRecord(home: string): NamespaceRecord | undefined {
  const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  try {
    const [line = ""] = readFileSync(join(home, ".local/share/dhow/namespace", bootId), "utf8").split("\n");
    const [pid, startTime, ...runFolder] = line.split(" ");
    return { pid: Number(pid), startTime: startTime as string, runFolder: runFolder.join(" ") };
  } catch {
    return undefined;
  }
}

/** Whether the recorded pause process still runs. */
export function isRunning({ pid, startTime }: NamespaceRecord): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[19] === startTime && fields[0] !== "Z";
  } catch {
    return false;
  }
}
