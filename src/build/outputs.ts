import { mkdirSync } from "node:fs";
import { pushImage } from "../image/push.ts";
import { saveImages } from "../image/save.ts";
import { formatPlatform } from "../oci/platform.ts";
import type { ImageRecord } from "../storage/images.ts";
import { packInto } from "../storage/pack/pack-tree.ts";
import { openOutputFile } from "../system/output-file.ts";
import { putItems } from "./files/put.ts";
import { selectSources, wholeTree } from "./files/select.ts";
import type { BuildOutput } from "./request.ts";
import type { BuildSession } from "./session.ts";
import type { ImageState } from "./steps/image-state.ts";
import { mountForReading } from "./steps/mounted-state.ts";
import { fileTime } from "./steps/step-context.ts";

/** What one platform's target has become. */
export interface BuiltTarget {
  readonly state: ImageState;
  /** Undefined if no image was asked for. */
  readonly image: ImageRecord | undefined;
}

/** Whether an image has to be made: for the store, or to be written as one. */
export function needsImage({ outputs, tags, manifest }: BuildSession["request"]["result"]): boolean {
  const isImage = ({ type }: BuildOutput) => type !== "local" && type !== "tar";
  return outputs.length === 0 || tags.length > 0 || manifest !== undefined || outputs.some(isImage);
}

/** Writes what was built to where --output wants it. */
export async function writeOutputs(session: BuildSession, targets: readonly BuiltTarget[]): Promise<void> {
  for (const output of session.request.result.outputs) {
    const what = describe(output);
    session.emit({ type: "export-started", what });
    for (const target of targets) await writeOutput(session, output, { target, isOneOfMany: targets.length > 1 });
    session.emit({ type: "export-finished", what });
  }
}

function describe(output: BuildOutput): string {
  switch (output.type) {
    case "image":
      return output.push ? `pushing ${output.names.join(", ")}` : "exporting to image";
    case "local":
      return "copying files";
    case "tar":
      return "sending tarball";
    case "oci":
    case "docker":
      return `exporting to ${output.type} image format`;
  }
}

async function writeOutput(
  session: BuildSession,
  output: BuildOutput,
  { target, isOneOfMany }: { readonly target: BuiltTarget; readonly isOneOfMany: boolean },
): Promise<void> {
  switch (output.type) {
    case "local": {
      const below = isOneOfMany && output.splitsPlatforms;
      const folder = formatPlatform(target.state.platform).replaceAll("/", "_");
      return copyFiles(session, target.state, below ? `${output.destination}/${folder}` : output.destination);
    }
    case "tar":
      return writeTar(session, target.state, output.destination);
    case "image":
      return push(session, output);
    case "oci":
    case "docker":
      return saveArchive(session, output, target.image as ImageRecord);
  }
}

/** The files belong to the user, whoever they belong to in the image. */
async function copyFiles(session: BuildSession, { chainId }: ImageState, destination: string): Promise<void> {
  const directory = await mountForReading(session, chainId);
  mkdirSync(destination, { recursive: true });
  const items = selectSources(wholeTree(directory), ["/"], { excludes: () => false, keepsParents: false });
  const owner = { uid: 0, gid: 0 };
  await putItems(items, { rootfs: destination, destination: "/", owner, changeMode: undefined, intoFolder: false });
}

async function writeTar(session: BuildSession, { chainId }: ImageState, destination: string): Promise<void> {
  const directory = await mountForReading(session, chainId);
  const output = openOutputFile(destination === "-" ? undefined : destination);
  const time = fileTime(session);
  try {
    const source = { kind: "archive", directory } as const;
    await packInto({ source, compression: "none", ...(time === undefined ? {} : { time }) }, output.write);
    output.publish();
  } finally {
    output.close();
  }
}

async function saveArchive(
  { engine }: BuildSession,
  { type, destination, tar, name }: Extract<BuildOutput, { readonly type: "oci" | "docker" }>,
  image: ImageRecord,
): Promise<void> {
  const formats = { oci: ["oci-archive", "oci-dir"], docker: ["docker-archive", "docker-dir"] } as const;
  await saveImages(engine, [image.names[0] ?? image.id], {
    format: formats[type][tar ? 0 : 1],
    output: destination === "-" ? undefined : destination,
    ...{ tags: name === undefined ? [] : [name], compress: false, uncompressed: false },
  });
}

async function push(
  { engine, request }: BuildSession,
  { names, push: isPushed }: Extract<BuildOutput, { readonly type: "image" }>,
): Promise<void> {
  if (!isPushed) return;
  for (const name of names) {
    await pushImage(engine, name, undefined, {
      ...request.base.registry,
      ...{ format: undefined, compression: undefined, forceCompression: false, level: undefined, compress: false },
    });
  }
}
