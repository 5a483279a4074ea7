import type { Engine } from "../engine.ts";
import type { Platform } from "../oci/image.ts";
import { formatPlatform } from "../oci/platform.ts";
import { newTemporaryPath, removeTree } from "../storage/temporary.ts";
import type { Dockerfile, SourceRange } from "./dockerfile/ast.ts";
import type { Limiter } from "./limiter.ts";
import type { OnBuildEvent, SourcePlace } from "./progress.ts";
import type { BuildRequest } from "./request.ts";

/** One build while it is under way: what all of its steps share. */
export interface BuildSession {
  readonly engine: Engine;
  readonly request: BuildRequest;
  readonly dockerfile: Dockerfile;
  readonly emit: OnBuildEvent;
  /** Aborted when a step fails or the user gives up. */
  readonly signal: AbortSignal;
  readonly limiter: Limiter;
  /** Cache entries that were used: noted all at once at the end. */
  readonly usedKeys: Set<string>;
  /** Undone at the end, last first: mounts, helper processes. */
  readonly cleanups: AsyncDisposableStack;
  /** What is made once for all steps that need it, by name. */
  readonly shared: Map<string, Promise<unknown>>;
}

/** Makes something once in a build; others who want it wait for it. */
export function once<T>({ shared }: Pick<BuildSession, "shared">, name: string, make: () => Promise<T>): Promise<T> {
  const made = shared.get(name) as Promise<T> | undefined;
  if (made !== undefined) return made;
  const making = make();
  // Whoever asked sees the failure.
  making.catch(() => undefined);
  shared.set(name, making);
  return making;
}

/** A temporary folder that is removed when its user is done. */
export async function withTemporaryFolder<T>(engine: Engine, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = newTemporaryPath(engine.paths.data);
  try {
    return await work(folder);
  } finally {
    removeTree(folder);
  }
}

export function placeOf({ fileName }: Dockerfile, { startLine, endLine }: SourceRange): SourcePlace {
  return { file: fileName, startLine, endLine };
}

/** What events call a platform; undefined if there is but one. */
export function platformName({ platforms }: BuildRequest, platform: Platform): string | undefined {
  return platforms.length > 1 ? formatPlatform(platform) : undefined;
}
