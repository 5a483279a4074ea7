import { defineCommand, type OptionTable } from "../cli/command.ts";
import type { Output } from "../cli/output.ts";
import { type ChangeKind, type DiffKind, diffTrees, type FileChange } from "../container/diff.ts";
import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import { findTarget, targetOptions } from "./container/targets.ts";
import { isJsonFormat } from "./listing.ts";

const formatOption = {
  format: { type: "string", describe: "Change the output format (json)" },
} as const satisfies OptionTable;

const letters: Readonly<Record<ChangeKind, string>> = { changed: "C", added: "A", deleted: "D" };

/** `dhow diff` */
export const diff = defineCommand({
  usage: "[options] CONTAINER|IMAGE [CONTAINER|IMAGE]",
  summary: "Display the changes to the object's file system",
  description:
    "Shows what a container has changed in its image's files, what the top layer of an image has changed, or how the first of two containers or images differs from the second. A path that was added is marked A, one that was changed C and one that was deleted D.",
  examples: ["dhow diff ctrID", "dhow diff --format json redis:alpine", "dhow diff alpine:3.21 alpine:3.20"],
  options: { ...formatOption, ...targetOptions },
  operands: { max: 2, complete: "containers" },
  run: ({ options, operands }, { engine, out }) => showDiff(engine, out, { ...options, operands, kind: "any" }),
});

/** `dhow container diff` */
export const containerDiff = defineCommand({
  usage: "[options] CONTAINER [CONTAINER]",
  summary: "Inspect changes to the container's file systems",
  description:
    "Shows what a container has changed in its image's files, or how the first of two containers differs from the second.",
  examples: ["dhow container diff myCtr", "dhow container diff --latest --format json"],
  options: { ...formatOption, ...targetOptions },
  operands: { max: 2, complete: "containers" },
  run: ({ options, operands }, { engine, out }) => showDiff(engine, out, { ...options, operands, kind: "container" }),
});

/** `dhow image diff` */
export const imageDiff = defineCommand({
  usage: "[options] IMAGE [IMAGE]",
  summary: "Inspect changes to the image's file systems",
  description:
    "Shows what the top layer of an image has changed, or how the first of two images differs from the second.",
  examples: ["dhow image diff myImage", "dhow image diff --format json redis:new redis:old"],
  options: formatOption,
  operands: { min: 1, max: 2, complete: "images" },
  run: ({ options, operands }, { engine, out }) =>
    showDiff(engine, out, { ...options, latest: false, operands, kind: "image" }),
});

interface DiffRequest {
  readonly format: string | undefined;
  readonly latest: boolean;
  readonly operands: readonly string[];
  readonly kind: DiffKind;
}

async function showDiff(engine: Engine, out: Output, request: DiffRequest): Promise<void> {
  const { format, kind } = request;
  if (format !== undefined && format !== "" && !isJsonFormat(format)) {
    throw invalid("only supported value for '--format' is 'json'");
  }
  const changes = await diffTrees(engine, await namesOf(engine, request), kind);
  if (format) out.line(JSON.stringify(toJson(changes), undefined, 5));
  else out.write(changes.map(({ kind: change, path }) => `${letters[change]} ${path}\n`).join(""));
}

async function namesOf(engine: Engine, { latest, operands }: DiffRequest): Promise<readonly string[]> {
  if (!latest && operands.length === 0) throw invalid('"dhow diff" requires a name, id, or the "--latest" flag');
  if (!latest) return operands.map((name) => name.replace(/^\//, ""));
  const { record } = await findTarget(engine, { operands, latest });
  return [record.id];
}

/** Podman leaves empty lists out. */
function toJson(changes: readonly FileChange[]): object {
  const lists: Partial<Record<ChangeKind, string[]>> = {};
  for (const kind of ["changed", "added", "deleted"] as const) {
    const paths = changes.filter((change) => change.kind === kind).map(({ path }) => path);
    if (paths.length > 0) lists[kind] = paths;
  }
  return lists;
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
