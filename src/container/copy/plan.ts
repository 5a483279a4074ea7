import { basename, dirname } from "node:path";
import { DhowError } from "../../errors.ts";
import type { Located } from "../../storage/copy/messages.ts";

/** A path as it was given, and what it leads to. */
export interface CopyEnd extends Located {
  readonly given: string;
}

export interface CopyPlan {
  /** What the source is called in the archive; undefined for the content of a folder alone. */
  readonly name: string | undefined;
  /** The folder that it goes into. */
  readonly directory: string;
}

/**
 * Where a copy goes, by podman's rules: into an existing folder, onto an existing file, or to a new name in an existing folder.
 * @param destination If it is absent, the folder above it exists.
 * @throws {DhowError} `invalid-argument`.
 */
export function planCopy(source: CopyEnd, destination: CopyEnd): CopyPlan {
  const isFolder = source.kind === "directory";
  switch (destination.kind) {
    case "directory":
      return { name: sourceName(source), directory: destination.target };
    case "absent":
      return besides(destination);
    case "file":
    case "other":
      if (isFolder) {
        throw new DhowError("destination must be a directory when copying a directory", { kind: "invalid-argument" });
      }
      return besides(destination);
  }
}

/** What a copied thing is called where it is not given a new name: `dir/.` and the root are their content. */
export function sourceName({ kind, given, target }: CopyEnd): string | undefined {
  if (kind === "directory" && (target === "/" || given === "." || given.endsWith("/."))) return undefined;
  return basename(target);
}

function besides({ target }: CopyEnd): CopyPlan {
  return { name: basename(target), directory: dirname(target) };
}
