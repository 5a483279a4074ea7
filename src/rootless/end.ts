import { rmSync } from "node:fs";
import { DhowError } from "../errors.ts";
import { bootId } from "../system/clock.ts";
import { locatePaths } from "../system/paths.ts";
import { lockFile } from "./file-lock.ts";
import { isRecordAlive, readRecord, recordDirectory } from "./record.ts";
import { findSurvivor } from "./recover.ts";

/**
 * Ends the pause process, so that the next command makes new namespaces. Idempotent.
 * @throws {DhowError} `conflict` while a container runs: it would be left alone in the old ones.
 */
export async function endNamespace(): Promise<void> {
  const { data } = locatePaths();
  if (!readRecord(data)) return;
  using _lock = await lockFile(`${recordDirectory(data)}/lock`);
  const record = readRecord(data);
  if (!record) return;
  if (findSurvivor({ runDirectory: record.runDirectory, known: record.userNamespace })) {
    throw new DhowError("cannot end the user's namespaces: containers are running", {
      kind: "conflict",
      hint: "stop them first: dhow stop --all",
    });
  }
  if (isRecordAlive(record)) process.kill(record.pause.pid, "SIGKILL");
  rmSync(`${recordDirectory(data)}/${bootId()}`, { force: true });
}
