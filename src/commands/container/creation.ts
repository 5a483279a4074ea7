import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { CommandContext, Invocation } from "../../cli/command.ts";
import { unsupportedOptions } from "../../cli/options/container/unsupported.ts";
import type { createOptions, runOptions } from "../../cli/options/container.ts";
import { isTerminal } from "../../cli/output.ts";
import { openSpinner } from "../../cli/spinner.ts";
import { explainStartOnBoot } from "../../container/boot/explain.ts";
import { callerFacts } from "../../container/caller-facts.ts";
import { buildContainerConfig, type ConfigRequest } from "../../container/config/build.ts";
import type { CallerFacts } from "../../container/config/flags.ts";
import { parseRootfs } from "../../container/config/rootfs.ts";
import { readConfigured } from "../../container/configured.ts";
import { createWithIds } from "../../container/create-with-ids.ts";
import { checkLimits, withUsualLimits } from "../../container/limits.ts";
import { removeContainer } from "../../container/remove.ts";
import type { ContainerRecord, ImageRecord } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import { ensureImage } from "../../image/ensure-image.ts";
import { parsePullPolicy, readPullFlags } from "../../image/pull-flags.ts";
import { parseLocation } from "../../image/transport/location.ts";
import type { MountConfig } from "../../model/container-config.ts";
import { showCopy } from "../copy-progress.ts";
import { joinPod, type PodJoining } from "../pod/join.ts";

type Given = Invocation<typeof createOptions> | Invocation<typeof runOptions>;

/** What `create` and `run` have in common: gets the image and records the container that the command line asks for. */
export async function createFromCommandLine(given: Given, context: CommandContext): Promise<ContainerRecord> {
  const { options, operands } = given;
  const { engine, out } = context;
  const [imageName = "", ...command] = operands;
  const changed = (flag: string) => (given.changed as (flag: string) => boolean)(flag);
  const image = options.rootfs
    ? withoutImage(imageName, callerFacts(engine))
    : await findBase(given, imageName, context);
  const joining = await joinPod({ options, changed }, context);
  try {
    const record = await recordContainer(given, { image, command, joining }, context);
    if (isTerminal(2)) explainStartOnBoot(engine, record.config.restart.policy);
    if (changed("kernel-memory")) out.warn("The --kernel-memory flag is no longer supported. This flag is a noop.");
    if (options.cidfile !== undefined) await writeIdFile(engine, options.cidfile, record.id);
    return record;
  } catch (error) {
    // A pod that was made for it goes with it.
    await joining.undo();
    throw error;
  }
}

interface Creation {
  readonly image: ConfigRequest["image"];
  readonly command: readonly string[];
  readonly joining: PodJoining;
}

async function recordContainer(
  given: Given,
  { image, command, joining }: Creation,
  context: CommandContext,
): Promise<ContainerRecord> {
  const { engine } = context;
  const options = { ...given.options, ...joining.flags };
  const name = options.name?.replace(/^\//, "");
  const changed = (flag: string) =>
    !Object.hasOwn(joining.flags, flag) && (given.changed as (flag: string) => boolean)(flag);
  const wanted = buildContainerConfig({
    flags: "rmi" in options && options.rmi ? { ...options, rm: true } : options,
    changed,
    unsupported: Object.keys(unsupportedOptions),
    command,
    image,
    caller: { ...callerFacts(engine, await readConfigured()), pod: joining.pod },
    createCommand: ["dhow", ...process.argv.slice(2)],
  });
  const { runtime } = engine.globals;
  const config = withUsualLimits(engine, {
    ...wanted,
    ...(runtime === undefined ? {} : { runtime }),
    ...(options.cidfile === undefined ? {} : { cidFile: resolve(options.cidfile) }),
    mounts: await findMountedImages(given, wanted.mounts, context),
  });
  checkLimits(engine, config);
  if (options.replace) await replace(engine, name);
  return createWithIds(engine, config, name);
}

/** The image that a container is made of, fetched if need be. */
async function findBase(given: Given, name: string, context: CommandContext): Promise<ConfigRequest["image"]> {
  const image = await fetchImage(given, name, context);
  return { id: image.id, name: nameOf(image, name), defaults: context.engine.images.config(image).config ?? {} };
}

function withoutImage(text: string, caller: CallerFacts): ConfigRequest["image"] {
  return { id: "", name: "", defaults: {}, rootfs: parseRootfs(text, caller) };
}

/** Gets the images that are mounted into the container, and names them by their ids. */
async function findMountedImages(
  given: Given,
  mounts: readonly MountConfig[],
  context: CommandContext,
): Promise<MountConfig[]> {
  const found: MountConfig[] = [];
  for (const mount of mounts) {
    const { type, source = "" } = mount;
    found.push(type === "image" ? { ...mount, imageId: (await fetchImage(given, source, context)).id } : mount);
  }
  return found;
}

async function fetchImage(given: Given, name: string, { engine, globals, out }: CommandContext): Promise<ImageRecord> {
  const { options } = given;
  const display = options.quiet ? undefined : showCopy(out);
  try {
    return await ensureImage(engine, name, {
      ...readPullFlags(options, (given.changed as (name: string) => boolean)("tls-verify")),
      policy: parsePullPolicy(options.pull),
      onEvent: display?.onEvent,
      showLongStep: openSpinner({ quiet: options.quiet, logLevel: globals.logLevel }),
    });
  } finally {
    display?.end();
  }
}

/** The image's full name if it was asked for by a name, else what was asked for. */
function nameOf({ names, id }: ImageRecord, asked: string): string {
  if (names.includes(asked)) return asked;
  const full = names.find(
    (name) => name.endsWith(`/${asked}`) || name.endsWith(`/${asked}:latest`) || name === `${asked}:latest`,
  );
  if (full !== undefined) return full;
  // Where it came from, as `oci-archive:PATH`, is no name.
  const isPlace = parseLocation(asked) !== undefined;
  return id.startsWith(asked) || isPlace ? (names[0] ?? (isPlace ? id : asked)) : asked;
}

async function replace(engine: CommandContext["engine"], name: string | undefined): Promise<void> {
  if (name === undefined) {
    throw new DhowError("cannot replace container without --name being set", { kind: "invalid-argument" });
  }
  const old = engine.containers.find(name);
  if (old?.name === name) await removeContainer(engine, old.id, { force: true });
}

/**
 * An id that the file held before is overwritten, as in podman. A container whose id cannot be told is not kept.
 * @throws {DhowError} `invalid-argument`.
 */
async function writeIdFile(engine: CommandContext["engine"], path: string, id: string): Promise<void> {
  try {
    writeFileSync(path, id, { mode: 0o644 });
  } catch (cause) {
    await removeContainer(engine, id, { force: true });
    throw new DhowError(`cannot write container ID file ${path}`, { kind: "invalid-argument", cause });
  }
}
