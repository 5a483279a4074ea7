import { mkdirSync, readFileSync, statSync } from "node:fs";
import { writeFileAtomic } from "../system/files.ts";
import type { RuntimeTools } from "./tools.ts";

/**
 * Compiling the default seccomp profile takes crun 8 ms, half the time of a start. It leaves the result in its state
 * folder and takes it back from an annotation, so each profile is compiled once a boot.
 */
export interface CompiledFilters {
  /** What to give to the runtime instead of compiling, as annotations; undefined if this profile is not compiled yet. */
  find(profile: string): Readonly<Record<string, string>> | undefined;
  /** Keeps what the runtime has compiled for a container that it has just created. */
  keep(profile: string, container: { readonly id: string; readonly runtimeRoot: string }): void;
}

const annotation = "run.oci.seccomp_bpf_data";

interface StoredFilter {
  readonly runtime: string;
  readonly profile: string;
  readonly filter: string;
}

/**
 * @param runFolder Of this user and boot, private: who can write there has the user's rights anyway.
 * @see https://github.com/containers/crun/blob/1.8.1/crun.1.md
 */
export function compiledFilters(runFolder: string, tools: RuntimeTools): CompiledFilters {
  const runtime = describeRuntime(tools);
  const path = (profile: string) => `${runFolder}/seccomp/${profile.length}-${checksum(profile)}.json`;
  return {
    find(profile) {
      if (runtime === undefined) return undefined;
      try {
        const stored = JSON.parse(readFileSync(path(profile), "utf8")) as StoredFilter;
        const isSame = stored.runtime === runtime && stored.profile === profile;
        return isSame ? { [annotation]: stored.filter } : undefined;
      } catch {
        return undefined;
      }
    },
    keep(profile, { id, runtimeRoot }) {
      if (runtime === undefined) return;
      try {
        const filter = readFileSync(`${runtimeRoot}/${id}/seccomp.bpf`, "base64");
        if (filter === "") return;
        mkdirSync(`${runFolder}/seccomp`, { recursive: true, mode: 0o700 });
        const stored: StoredFilter = { runtime, profile, filter };
        writeFileAtomic(path(profile), JSON.stringify(stored));
      } catch {
        // Another version of the runtime may keep it elsewhere: then it compiles each time.
      }
    },
  };
}

/** Which program it was, to the version: its filters are its own. Undefined for runtimes that cannot do this. */
function describeRuntime({ runtime, runtimeName }: RuntimeTools): string | undefined {
  if (!runtimeName.startsWith("crun")) return undefined;
  const { mtimeMs, size, ino } = statSync(runtime);
  return `${runtime} ${mtimeMs} ${size} ${ino}`;
}

/** Only names a file: what is in it is compared in full. */
function checksum(text: string): number {
  let sum = 0;
  for (let index = 0; index < text.length; index += 7) sum = (sum * 31 + text.charCodeAt(index)) >>> 0;
  return sum;
}
