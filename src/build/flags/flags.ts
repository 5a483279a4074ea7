import type { RegistryFlags } from "../../image/registry-flags.ts";
import type { RunFlags } from "../request.ts";

/** The flags of `build`, by long name, as the command line's tables parse them. */
export interface BuildFlags extends RegistryFlags {
  readonly file: readonly string[];
  readonly "build-context": readonly string[];
  readonly ignorefile: string | undefined;
  readonly "cpp-flag": readonly string[];
  readonly from: string | undefined;
  readonly target: string | undefined;
  readonly "build-arg": readonly string[];
  readonly "build-arg-file": readonly string[];
  readonly env: readonly string[];
  readonly unsetenv: readonly string[];
  readonly platform: readonly string[];
  readonly arch: readonly string[];
  readonly os: string | undefined;
  readonly variant: string | undefined;
  readonly "skip-unused-stages": boolean;
  readonly tag: readonly string[];
  readonly manifest: string | undefined;
  readonly label: readonly string[];
  readonly "layer-label": readonly string[];
  readonly unsetlabel: readonly string[];
  readonly "inherit-labels": boolean;
  readonly "identity-label": boolean;
  readonly annotation: readonly string[];
  readonly unsetannotation: readonly string[];
  readonly "inherit-annotations": boolean;
  readonly format: string | undefined;
  readonly timestamp: number | undefined;
  readonly "source-date-epoch": number | undefined;
  readonly "rewrite-timestamp": boolean;
  readonly "omit-history": boolean;
  readonly "os-version": string | undefined;
  readonly "os-feature": readonly string[];
  readonly layers: boolean;
  readonly squash: boolean;
  readonly "squash-all": boolean;
  readonly "save-stages": boolean;
  readonly sbom: string | undefined;
  readonly provenance: string | undefined;
  readonly attest: readonly string[];
  readonly output: readonly string[];
  readonly load: boolean;
  readonly push: boolean;
  readonly quiet: boolean;
  readonly "no-cache": boolean;
  readonly "no-cache-filter": readonly string[];
  readonly "cache-from": readonly string[];
  readonly "cache-to": readonly string[];
  readonly "cache-ttl": string | undefined;
  readonly pull: string;
  readonly "pull-always": boolean;
  readonly "pull-never": boolean;
  readonly allow: readonly string[];
  readonly "compat-volumes": boolean;
  readonly "http-proxy": boolean;
  readonly isolation: string | undefined;
  readonly jobs: number;
  readonly secret: readonly string[];
  readonly ssh: readonly string[];
  readonly network: string | undefined;
  readonly "shm-size": string | undefined;
  readonly "userns-uid-map": readonly string[];
  readonly "userns-gid-map": readonly string[];
}

/** Those that RUN steps take as `run` does. */
export type StepFlags = BuildFlags & Omit<RunFlags, "network" | "shm-size" | "uidmap" | "gidmap">;

/** Whether the user gave a flag, whatever its value. */
export type Changed = (name: keyof StepFlags) => boolean;
