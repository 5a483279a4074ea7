import { defineCommand } from "../../cli/command.ts";
import { removeContainer } from "../../container/remove.ts";
import type { Engine } from "../../engine.ts";
import { DhowError, isKind } from "../../errors.ts";
import { type Family, relateImages } from "../../image/family.ts";
import { collectImageGarbage, type RemovedImage, removeImage } from "../../image/remove.ts";
import { parsePlatform } from "../../oci/platform.ts";

const unknownImageExitCode = 1;

export const rm = defineCommand({
  usage: "[options] IMAGE [IMAGE...]",
  summary: "Remove one or more images from local storage",
  description:
    "Removes one or more previously pulled or locally created images. An image with several names loses the one that was given; with its last name it is removed. A name that stands for images of several platforms is taken from all of them.",
  examples: ["dhow rmi alpine:latest", "dhow rmi --force c4dfb1609ee2", "dhow rmi --all"],
  options: {
    all: { type: "boolean", short: "a", describe: "Remove all images" },
    force: { type: "boolean", short: "f", describe: "Force removal of the image, with the containers that use it" },
    ignore: { type: "boolean", short: "i", describe: "Ignore errors if a specified image does not exist" },
    platform: { type: "string", array: true, describe: "Remove only the images for these platforms" },
    "no-prune": { type: "boolean", describe: "Do not remove dangling images that the image was made of" },
  },
  operands: { complete: "images" },
  async run({ options, operands }, { engine, out }) {
    checkOperands(operands, options.all);
    const targets = options.all ? everything(engine) : operands;
    const family = targets.length > 1 ? relateImages(engine, engine.images.list()) : undefined;
    const isIgnored = (error: unknown) =>
      (options.ignore || options.all || options.force) && isKind(error, "not-found");
    const untagged: string[] = [];
    const deleted: string[] = [];
    const failures: unknown[] = [];
    for (const target of targets) {
      try {
        const removed = await removeOne(engine, target, { ...options, family });
        untagged.push(...removed.untagged);
        deleted.push(...removed.deleted);
      } catch (error) {
        if (!isIgnored(error)) failures.push(error);
      }
    }
    for (const name of untagged) out.line(`Untagged: ${name}`);
    for (const id of deleted) out.line(`Deleted: ${id}`);
    collectImageGarbage(engine);
    if (failures.length > 0) throw new AggregateError(failures.map(withExitCode).sort(byExitCode));
  },
});

function checkOperands(operands: readonly string[], all: boolean): void {
  if (operands.length === 0 && !all) throw invalid("image name or ID must be specified");
  if (operands.length > 0 && all)
    throw invalid("when using the --all switch, you may not pass any images names or IDs");
}

function everything({ images, manifestLists }: Engine): string[] {
  return [...manifestLists.list(), ...images.list().filter(({ readOnly }) => !readOnly)].map(({ id }) => id);
}

interface RemoveFlags {
  readonly force: boolean;
  readonly all: boolean;
  readonly platform: readonly string[];
  readonly "no-prune": boolean;
  readonly family: Family | undefined;
}

function removeOne(engine: Engine, target: string, options: RemoveFlags): Promise<RemovedImage> {
  return removeImage(engine, target, {
    force: options.force,
    allNames: options.all,
    platforms: options.platform.map(parsePlatform),
    keepParents: options["no-prune"],
    ...(options.family === undefined ? {} : { family: options.family }),
    removeContainer: (id) => removeContainer(engine, id, { force: true, depend: true }),
  });
}

/** `rmi` exits with 1 if all that is wrong is that images do not exist. */
function withExitCode(error: unknown): unknown {
  if (!isKind(error, "not-found")) return error;
  return new DhowError(error.message, { kind: error.kind, exitCode: unknownImageExitCode, cause: error.cause });
}

/** The last failure decides: 125 for any other one, else 2 for an image in use. */
function byExitCode(a: unknown, b: unknown): number {
  return exitCodeOf(a) - exitCodeOf(b);
}

function exitCodeOf(error: unknown): number {
  return error instanceof DhowError ? (error.exitCode ?? 125) : 125;
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
