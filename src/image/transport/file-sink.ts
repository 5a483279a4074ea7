import { statSync } from "node:fs";
import type { Engine } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import type { ImageSink } from "./image-sink.ts";
import type { FilePlace } from "./location.ts";

/** A place in the file system that is written to. */
export interface FileTarget {
  readonly transport: FilePlace["transport"];
  /** Undefined: stdout, for archives. */
  readonly path: string | undefined;
}

/**
 * Opens a file or folder that images are written into.
 * @throws {DhowError} `conflict` if there is something that is not to be written over; `invalid-argument` for a folder without
 * a path.
 */
export async function openFileSink(engine: Pick<Engine, "paths">, { transport, path }: FileTarget): Promise<ImageSink> {
  switch (transport) {
    case "docker-archive":
      if (path !== undefined) refuseExisting(path);
      return (await import("./docker-archive-sink.ts")).dockerArchiveSink(engine, path);
    case "oci-archive":
      return (await import("./oci-layout-sink.ts")).ociArchiveSink(engine, path);
    case "oci":
      return (await import("./oci-layout-sink.ts")).ociFolderSink(engine, requirePath(path));
    case "dir":
      return (await import("./directory-sink.ts")).directorySink(engine, requirePath(path));
  }
}

/** As podman does: whoever names a wrong file by mistake does not lose it. */
function refuseExisting(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isFile() || stats.size === 0) return;
  throw new DhowError(`docker-archive doesn't support modifying existing images`, {
    kind: "conflict",
    hint: `remove the file first: rm ${path}`,
  });
}

function requirePath(path: string | undefined): string {
  if (path !== undefined) return path;
  throw new DhowError("a folder cannot be written to stdout", {
    kind: "invalid-argument",
    hint: "name one with --output",
  });
}
