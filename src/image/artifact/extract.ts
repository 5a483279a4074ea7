import { createReadStream, statSync } from "node:fs";
import { join } from "node:path";
import type { Engine } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/image.ts";
import type { ArtifactRecord } from "../../storage/artifacts.ts";
import { openOutputFile } from "../../system/output-file.ts";
import { titleAnnotation } from "./names.ts";
import { recordArtifactEvent } from "./record-event.ts";

export interface ExtractOptions {
  /** Only the file with this digest, which is then its name in a folder. */
  readonly digest: string | undefined;
  /** Only the file with this title. */
  readonly title: string | undefined;
}

/**
 * Copies the files of an artifact into a folder, or its only file (or the one that is chosen) to a file.
 * Success means that each file is complete; one that was there is replaced at once.
 * @throws {DhowError} `not-found`; `conflict` if several files would go into one; `invalid-argument` for a title with a path.
 */
export async function extractArtifact(
  engine: Pick<Engine, "artifacts" | "blobs" | "events" | "leases">,
  nameOrDigest: string,
  target: string,
  options: ExtractOptions,
): Promise<void> {
  if (options.digest !== undefined && options.title !== undefined) {
    throw new DhowError("cannot specify both digest and title", { kind: "invalid-argument" });
  }
  const artifact = engine.artifacts.get(nameOrDigest);
  if (artifact.manifest.layers.length === 0) {
    throw new DhowError("the artifact has no blobs, nothing to extract", { kind: "not-found" });
  }
  engine.leases.take(artifact.manifest.layers.map(({ digest }) => digest));
  for (const { digest, path } of chooseFiles(artifact, target, options)) await copyBlob(engine, digest, path);
  recordArtifactEvent(engine, "extract", artifact);
}

interface ExtractedFile {
  readonly digest: Digest;
  readonly path: string;
}

function chooseFiles(artifact: ArtifactRecord, target: string, options: ExtractOptions): readonly ExtractedFile[] {
  const { layers } = artifact.manifest;
  const isFolder = statSync(target, { throwIfNoEntry: false })?.isDirectory() === true;
  const chosen = findChosen(layers, options);
  if (isFolder) {
    return (chosen ? [chosen] : layers).map((layer) => ({
      digest: layer.digest,
      path: join(target, fileName(layer, options.digest !== undefined)),
    }));
  }
  const [only, ...others] = chosen ? [chosen] : layers;
  if (only !== undefined && others.length === 0) return [{ digest: only.digest, path: target }];
  throw new DhowError(
    `the artifact consists of several blobs and the target ${JSON.stringify(target)} is not a directory and neither digest or title was specified to only copy a single blob`,
    { kind: "conflict" },
  );
}

function findChosen(layers: readonly Descriptor[], { digest, title }: ExtractOptions): Descriptor | undefined {
  if (digest === undefined && title === undefined) return undefined;
  const what = title === undefined ? `digest ${JSON.stringify(digest)}` : `title ${JSON.stringify(title)}`;
  const [found, ...others] = layers.filter((layer) =>
    title === undefined ? layer.digest === digest : layer.annotations?.[titleAnnotation] === title,
  );
  if (found === undefined) throw new DhowError(`no blob with the ${what}`, { kind: "not-found" });
  if (others.length > 0) throw new DhowError(`more than one match for the ${what}`, { kind: "conflict" });
  return found;
}

/** Titles come from whoever made the artifact, and must not lead out of the folder. */
function fileName({ digest, annotations }: Descriptor, usesDigest: boolean): string {
  const title = usesDigest ? undefined : annotations?.[titleAnnotation];
  const name = title || digest.replace(":", "-");
  if (!/[/\0]/.test(name) && name !== "." && name !== "..") return name;
  throw new DhowError(`invalid name: ${JSON.stringify(name)} cannot contain /: artifact blob title invalid`, {
    kind: "invalid-argument",
    hint: "extract it by its digest: --digest",
  });
}

async function copyBlob({ blobs }: Pick<Engine, "blobs">, digest: Digest, path: string): Promise<void> {
  const output = openOutputFile(path);
  try {
    const source = createReadStream(blobs.path(digest), { highWaterMark: 1 << 20 });
    for await (const chunk of source) await output.write(chunk as Buffer);
    output.publish();
  } finally {
    output.close();
  }
}
