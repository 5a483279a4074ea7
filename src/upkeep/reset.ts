import { readdirSync, rmdirSync } from "node:fs";
import { removeContainer, removePod } from "../container/remove.ts";
import type { Engine } from "../engine.ts";
import { isKind } from "../errors.ts";
import { endNamespace } from "../rootless/end.ts";
import { makeRoom } from "../storage/reserve.ts";
import { readdirOrEmpty, removeTree } from "../storage/temporary.ts";
import { locatePaths } from "../system/paths.ts";

/** In it lies the record of the namespaces that this process lives in. */
const namespaceFolder = "namespace";

/**
 * Stops and removes all containers, then everything else that dhow keeps for the user: images, volumes, networks, the
 * database. What cannot be removed is told, and the rest goes.
 * @returns What could not be removed.
 */
export async function resetSystem(engine: Engine): Promise<unknown[]> {
  makeRoom(engine.paths.data);
  const failures: unknown[] = [];
  for (const { id } of engine.containers.list()) {
    try {
      await removeContainer(engine, id, { force: true, timeoutSeconds: 0, depend: true });
    } catch (error) {
      if (!isKind(error, "not-found")) failures.push(error);
    }
  }
  failures.push(...(await removePods(engine)));
  // A container that still runs needs its files.
  if (failures.length > 0) return failures;
  engine.database.close();
  const { data, run } = engine.paths;
  for (const folder of [data, run]) {
    for (const entry of readdirOrEmpty(folder)) {
      if (entry !== namespaceFolder) removeTree(`${folder}/${entry}`);
    }
  }
  // Another --root may live in the same namespaces.
  if (data === locatePaths().data) {
    await endNamespace();
    removeTree(`${data}/${namespaceFolder}`);
  }
  for (const folder of [data, run]) removeIfEmpty(folder);
  return [];
}

/** Those without an infra container are left when their containers are gone. */
async function removePods(engine: Engine): Promise<unknown[]> {
  const failures: unknown[] = [];
  for (const { id } of engine.pods.list()) {
    try {
      await removePod(engine, id, { force: true, timeoutSeconds: 0 });
    } catch (error) {
      if (!isKind(error, "not-found")) failures.push(error);
    }
  }
  return failures;
}

function removeIfEmpty(folder: string): void {
  try {
    if (readdirSync(folder).length === 0) rmdirSync(folder);
  } catch {
    // It is gone already, or somebody uses it again.
  }
}
