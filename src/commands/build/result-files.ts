import type { BuildResult } from "../../build/progress.ts";
import { writeIdFile } from "../id-file.ts";

export interface ResultFlags {
  readonly iidfile: string | undefined;
  readonly "iidfile-raw": string | undefined;
  readonly "metadata-file": string | undefined;
}

/** Writes what --iidfile and its like ask for. @throws {DhowError} `permission-denied`. */
export function writeResultFiles(flags: ResultFlags, result: BuildResult): void {
  const { imageId } = result;
  if (flags.iidfile && imageId !== undefined) writeIdFile(flags.iidfile, `sha256:${imageId}`);
  if (flags["iidfile-raw"] && imageId !== undefined) writeIdFile(flags["iidfile-raw"], imageId);
  const file = flags["metadata-file"];
  if (file) writeIdFile(file, `${JSON.stringify(metadataOf(result), null, 2)}\n`);
}

/** With the names that buildx and podman give them. */
function metadataOf({ buildId, imageId, digest, configDigest, names }: BuildResult): Record<string, string> {
  return {
    ...(configDigest === undefined ? {} : { "containerimage.config.digest": configDigest }),
    ...(digest === undefined ? {} : { "containerimage.digest": digest }),
    ...(imageId === undefined ? {} : { "containerimage.id": `sha256:${imageId}` }),
    ...(names.length === 0 ? {} : { "image.name": names.join(",") }),
    "buildx.build.ref": buildId,
  };
}
