import { readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { bootId, isAlive, type ProcessIdentity } from "../system/clock.ts";

/**
 * What is known of the user's namespaces in this boot. On disk: `PID START_TIME RUN_DIR` of the pause process, which
 * bin/dhow reads, then a line that names the user namespace.
 */
export interface NamespaceRecord {
  readonly pause: ProcessIdentity;
  readonly runDirectory: string;
  /** As `user:[4026531837]`. */
  readonly userNamespace: string;
}

/** The folder of the records; one file a boot, so that hosts which share a home do not meet. */
export function recordDirectory(dataDirectory: string): string {
  return `${dataDirectory}/namespace`;
}

/** Reads the record of this boot. Undefined if there is none, if it cannot be understood, or if it is not the user's own. */
export function readRecord(dataDirectory: string): NamespaceRecord | undefined {
  const path = recordPaths(dataDirectory).record;
  let text: string;
  try {
    if (statSync(path).uid !== process.geteuid?.()) return undefined;
    text = readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
  const match = /^(\d+) (\d+) (\/.*)\n(user:\[\d+\])\n$/.exec(text);
  if (!match) return undefined;
  const [, pid = "", startTime = "", runDirectory = "", userNamespace = ""] = match;
  return { pause: { pid: Number(pid), startTime }, runDirectory, userNamespace };
}

/** The file of this boot's record, and of the draft that whoever holds the lock writes for it. */
export function recordPaths(dataDirectory: string): { readonly record: string; readonly draft: string } {
  const record = `${recordDirectory(dataDirectory)}/${bootId()}`;
  return { record, draft: `${record}.new` };
}

/** Writes the draft of a record. The pause process publishes it by renaming it. */
export function writeDraft(dataDirectory: string, { pause, runDirectory, userNamespace }: NamespaceRecord): void {
  const text = `${pause.pid} ${pause.startTime} ${runDirectory}\n${userNamespace}\n`;
  writeFileSync(recordPaths(dataDirectory).draft, text, { mode: 0o600 });
}

/** Whether the record's pause process still holds the namespaces. */
export function isRecordAlive({ pause, userNamespace }: NamespaceRecord): boolean {
  // One that is being killed loses its namespace before it looks dead.
  return isAlive(pause) && userNamespaceOf(pause.pid) === userNamespace;
}

/** Which user namespace a process is in, as `user:[4026531837]`; undefined if there is no such process or it is not ours to see. */
export function userNamespaceOf(pid: number | "self"): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/user`);
  } catch {
    return undefined;
  }
}

/** Removes records of boots of at least a year ago. Younger ones may be of another host's current boot. */
export function removeOldRecords(dataDirectory: string, now: Date): void {
  const directory = recordDirectory(dataDirectory);
  for (const name of readdirSync(directory)) {
    if (!/^[0-9a-f-]{36}$/.test(name) || name === bootId()) continue;
    const path = `${directory}/${name}`;
    if (now.getTime() - statSync(path).mtimeMs > yearMs) rmSync(path, { force: true });
  }
}
const yearMs = 365 * 86_400_000;
