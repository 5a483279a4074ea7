import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import { ensureLayers } from "../image/ensure-layers.ts";
import type { PullOptions } from "../image/pull.ts";
import type { ContainerRecord } from "../storage/containers.ts";
import type { ImageRecord } from "../storage/images.ts";
import { randomHex } from "../system/random.ts";
import { rebaseConfig } from "./config/rebase.ts";
import { createContainer } from "./create.ts";
import { refreshContainers } from "./refresh.ts";
import { removeContainer } from "./remove.ts";
import { renameContainer } from "./rename.ts";
import { startContainer } from "./start.ts";
import { isRunning } from "./state.ts";
import { stopContainer } from "./stop.ts";

export interface AutoUpdateOptions extends PullOptions {
  /** Only tells what would be updated. */
  readonly dryRun: boolean;
  /** Brings the old container back when the new one does not start. */
  readonly rollback: boolean;
}

export interface UpdatedContainer {
  /** As it was before. */
  readonly record: ContainerRecord;
  readonly policy: UpdatePolicy;
  readonly updated: "true" | "false" | "pending" | "failed" | "rolled back";
  /** Why it could not be updated. */
  readonly failure?: unknown;
}

type UpdatePolicy = "registry" | "local";

const policyLabel = "io.containers.autoupdate";
const authFileLabel = "io.containers.autoupdate.authfile";

/**
 * Replaces running containers that have the label io.containers.autoupdate by ones of the newest image of their name: the
 * registry's with `registry`, the stored one with `local`.
 */
export async function autoUpdate(engine: Engine, options: AutoUpdateOptions): Promise<UpdatedContainer[]> {
  const updated: UpdatedContainer[] = [];
  for (const record of await refreshContainers(engine, engine.containers.list())) {
    if (!isRunning(record.state)) continue;
    const policy = readPolicy(record);
    if (policy === undefined) continue;
    try {
      updated.push({ record, policy, ...(await updateOne(engine, { record, policy }, options)) });
    } catch (failure) {
      updated.push({ record, policy, updated: "failed", failure });
    }
  }
  return updated;
}

/** @throws {DhowError} `invalid-argument` for a label that is none. */
function readPolicy({ name, config }: ContainerRecord): UpdatePolicy | undefined {
  const label = config.labels[policyLabel];
  switch (label) {
    case undefined:
    case "":
    case "disabled":
      return undefined;
    case "registry":
    case "image":
      return "registry";
    case "local":
      return label;
    default:
      throw new DhowError(
        `auto-updating container ${name}: invalid auto-update policy ${JSON.stringify(label)}: must be "registry" or "local"`,
        { kind: "invalid-argument" },
      );
  }
}

async function updateOne(
  engine: Engine,
  { record, policy }: Pick<UpdatedContainer, "record" | "policy">,
  options: AutoUpdateOptions,
): Promise<Pick<UpdatedContainer, "updated" | "failure">> {
  const image = await findNewer(engine, { record, policy }, options);
  if (image === undefined) return { updated: "false" };
  if (image === "pending") return { updated: "pending" };
  await ensureLayers(engine, image);
  return replaceContainer(engine, record, { image, rollback: options.rollback });
}

/** @returns `pending` for a newer one that is not to be fetched; undefined if there is none. */
async function findNewer(
  engine: Engine,
  { record, policy }: Pick<UpdatedContainer, "record" | "policy">,
  options: AutoUpdateOptions,
): Promise<ImageRecord | "pending" | undefined> {
  const { imageName, imageId, labels } = record.config;
  if (imageName === imageId || !imageName.includes("/")) {
    throw new DhowError(`auto-updating container ${record.name}: ${imageName} is no fully-qualified image reference`, {
      kind: "invalid-argument",
    });
  }
  const local = engine.images.find(imageName);
  if (policy === "registry") {
    const authFile = labels[authFileLabel] ?? options.authFile;
    const { findRemoteDigest, pullImage } = await import("../image/pull.ts");
    const digest = await findRemoteDigest(engine, imageName, { ...options, authFile });
    const isStored = local?.repoDigests.some((repoDigest) => repoDigest.endsWith(`@${digest}`)) ?? false;
    if (!isStored && digest !== local?.manifestDigest) {
      return options.dryRun ? "pending" : pullImage(engine, imageName, { ...options, authFile });
    }
  }
  if (local === undefined || local.id === imageId) return undefined;
  return options.dryRun ? "pending" : local;
}

interface Replacement {
  readonly image: ImageRecord;
  readonly rollback: boolean;
}

async function replaceContainer(
  engine: Engine,
  old: ContainerRecord,
  { image, rollback }: Replacement,
): Promise<Pick<UpdatedContainer, "updated" | "failure">> {
  const { name } = old;
  const defaults = engine.images.config(image).config ?? {};
  const config = rebaseConfig(old.config, { id: image.id, name: old.config.imageName, defaults });
  await stopContainer(engine, old.id, { keep: true });
  await renameContainer(engine, old.id, `${name}-${randomHex(8)}`);
  let created: string | undefined;
  try {
    created = createContainer(engine, config, name).id;
    await startContainer(engine, created);
    await expectToWork(engine, created);
  } catch (failure) {
    if (!rollback) {
      if (created !== undefined) await removeContainer(engine, old.id, { force: true });
      return { updated: "failed", failure };
    }
    if (created !== undefined) await removeContainer(engine, created, { force: true, timeoutSeconds: 0 });
    await renameContainer(engine, old.id, name);
    await startContainer(engine, old.id);
    return { updated: "rolled back", failure };
  }
  await removeContainer(engine, old.id, { force: true });
  return { updated: "true" };
}

/** A container that ends that soon did not start. */
const trialMs = 2000;
/** A health check that has not said anything by then is not waited for. */
const healthTrialMs = 120_000;
const pauseMs = 100;

/** @throws {DhowError} `unavailable` if the container ends at once, or its health check finds it unhealthy. */
async function expectToWork(engine: Engine, id: string): Promise<void> {
  const begin = Date.now();
  for (;;) {
    const [record] = await refreshContainers(engine, [engine.containers.get(id)]);
    if (!record || !isRunning(record.state)) {
      throw new DhowError(`the new container ended with exit code ${record?.exitCode ?? -1}`, { kind: "unavailable" });
    }
    if (record.healthStatus === "unhealthy") {
      throw new DhowError("the new container is unhealthy", { kind: "unavailable" });
    }
    const waitsForCheck = record.healthStatus === "starting" && Date.now() - begin < healthTrialMs;
    if (!waitsForCheck && Date.now() - begin > trialMs) return;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
