import type { Engine } from "../engine.ts";

/** The caches of RUN --mount=type=cache, a folder each. */
export function cacheMountFolder({ paths }: Pick<Engine, "paths">): string {
  return `${paths.data}/cache-mounts`;
}

/** What a build holds as long as it uses one. */
export function cacheMountLease(name: string): string {
  return `cache-mount:${name}`;
}
