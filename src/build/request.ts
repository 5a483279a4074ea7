import type { ContainerFlags } from "../container/config/flags.ts";
import type { PullPolicy } from "../image/pull-flags.ts";
import type { ImageFormat } from "../image/record-image.ts";
import type { RegistryOptions } from "../image/registry-image.ts";
import type { Platform } from "../oci/image.ts";

/** What is built, and how: everything a command line can say, read and checked, with all defaults filled in. */
export interface BuildRequest {
  readonly dockerfile: DockerfileText;
  /** Where COPY and ADD take files from; undefined if there is none (a Dockerfile alone, from stdin). */
  readonly context: ContextTree | undefined;
  /** Of --build-context, by name in lower case. */
  readonly namedContexts: ReadonlyMap<string, NamedContext>;
  /** Name or number of the stage that is built; undefined for the last. */
  readonly target: string | undefined;
  /** Empty: this machine's. Several make one index. */
  readonly platforms: readonly Platform[];
  readonly variables: BuildVariables;
  readonly metadata: ImageMetadata;
  readonly caching: Caching;
  readonly result: BuildResultRequest;
  readonly base: BaseImages;
  readonly steps: StepSettings;
}

export interface DockerfileText {
  readonly text: string;
  /** What messages call it: the path as the user would write it, or `-`. */
  readonly name: string;
}

/** Files that COPY, ADD and bind mounts may see. */
export interface ContextTree {
  /** Absolute. */
  readonly directory: string;
  /** Whether an ignore file leaves out a path (relative to the directory, with slashes). */
  isIgnored(path: string): boolean;
  /** Whether something below an ignored directory may be taken in again, so that it has to be looked into. */
  readonly hasExceptions?: boolean;
  /** The pattern that left a path out, as the ignore file has it. */
  ignoredBy?(path: string): string | undefined;
}

export type NamedContext =
  | { readonly kind: "directory"; readonly tree: ContextTree }
  /** `docker-image://`, `container-image://`, and other transports with their prefix. */
  | { readonly kind: "image"; readonly name: string };

export interface BuildVariables {
  /** --build-arg and --build-arg-file; one without a value and without a variable of that name is left out. */
  readonly args: Readonly<Record<string, string>>;
  /** --env: `NAME=value`, set in the image as by ENV behind FROM of the target. */
  readonly env: readonly string[];
  readonly unsetEnv: readonly string[];
  /** Variables of the caller that RUN steps see without being part of anything (http_proxy and the like, with --http-proxy). */
  readonly proxies: Readonly<Record<string, string>>;
}

export interface ImageMetadata {
  readonly labels: Readonly<Record<string, string>>;
  /** --layer-label: for intermediate images. */
  readonly layerLabels: Readonly<Record<string, string>>;
  readonly unsetLabels: readonly string[];
  /** Whether labels and annotations of the base image are kept. */
  readonly inheritsLabels: boolean;
  readonly inheritsAnnotations: boolean;
  /** Whether io.buildah.version is set, as podman does. */
  readonly identityLabel: boolean;
  readonly annotations: Readonly<Record<string, string>>;
  readonly unsetAnnotations: readonly string[];
  readonly format: ImageFormat;
  /** Seconds since 1970 of --timestamp: image, history and all files of new layers bear this time. */
  readonly timestamp: number | undefined;
  /** Seconds since 1970 of --source-date-epoch or the variable SOURCE_DATE_EPOCH: image and history bear this time. */
  readonly sourceDateEpoch: number | undefined;
  /** With sourceDateEpoch: files of new layers that are younger get that time. */
  readonly rewritesTimestamps: boolean;
  readonly omitsHistory: boolean;
  readonly os: { readonly version: string | undefined; readonly features: readonly string[] };
}

export interface Caching {
  /** --no-cache: everything is built; results are kept for later builds all the same. */
  readonly isOff: boolean;
  /** --no-cache-filter: stages (in lower case) that are built anew. */
  readonly staysOffFor: readonly string[];
  readonly from: readonly CacheSource[];
  readonly to: readonly CacheTarget[];
  /** Results that are older are not used; undefined for any age. */
  readonly maxAgeSeconds: number | undefined;
}

export type CacheSource =
  | { readonly type: "registry"; readonly repository: string }
  | { readonly type: "local"; readonly directory: string };

export type CacheTarget =
  | { readonly type: "registry"; readonly repository: string; readonly mode: "min" | "max" }
  | { readonly type: "local"; readonly directory: string; readonly mode: "min" | "max" }
  | { readonly type: "inline" };

export interface BuildResultRequest {
  /** As given; short ones go below localhost/. */
  readonly tags: readonly string[];
  /** --manifest: the result joins this manifest list. */
  readonly manifest: string | undefined;
  readonly outputs: readonly BuildOutput[];
  /**
   * How many layers the image gets: `each`, one a step (--layers); `one`, one for all steps (--layers=false, --squash);
   * `all`, one with everything, the base included (--squash-all).
   */
  readonly layers: "each" | "one" | "all";
  readonly isQuiet: boolean;
  readonly sbom: boolean;
  readonly provenance: "min" | "max" | undefined;
  readonly savesStages: boolean;
}

/** Of --output. Without any the image goes into the store. */
export type BuildOutput =
  /** The files of the image in a directory. */
  | { readonly type: "local"; readonly destination: string; readonly splitsPlatforms: boolean }
  /** The files of the image as an archive; `-` is stdout. */
  | { readonly type: "tar"; readonly destination: string }
  /** The image in an archive, or with `tar` false in a directory. `-` is stdout. */
  | {
      readonly type: "oci" | "docker";
      readonly destination: string;
      readonly tar: boolean;
      readonly name: string | undefined;
    }
  | { readonly type: "image"; readonly names: readonly string[]; readonly push: boolean };

export interface BaseImages {
  readonly pullPolicy: PullPolicy;
  readonly registry: RegistryOptions;
  /** --from: stands in for the image of the first FROM. */
  readonly first: string | undefined;
}

/** Flags of `run` that hold for RUN steps, by long name, as the command line's tables parse them; what is missing was not given. */
export type RunFlags = Partial<
  Pick<
    ContainerFlags,
    | "add-host"
    | "cap-add"
    | "cap-drop"
    | "cgroup-parent"
    | "cgroupns"
    | "cpu-period"
    | "cpu-quota"
    | "cpu-shares"
    | "cpuset-cpus"
    | "cpuset-mems"
    | "device"
    | "dns"
    | "dns-option"
    | "dns-search"
    | "group-add"
    | "ipc"
    | "memory"
    | "memory-swap"
    | "network"
    | "no-hostname"
    | "no-hosts"
    | "pid"
    | "security-opt"
    | "shm-size"
    | "ulimit"
    | "userns"
    | "uidmap"
    | "gidmap"
    | "uts"
    | "volume"
  >
>;

export interface StepSettings {
  /** `oci` and `rootless`: like containers; `chroot`: without a runtime, for where containers cannot be nested. */
  readonly isolation: "oci" | "chroot";
  readonly run: RunFlags;
  /** How many steps may run at once; 0 for any number. */
  readonly jobs: number;
  readonly secrets: ReadonlyMap<string, BuildSecret>;
  readonly ssh: ReadonlyMap<string, SshSource>;
  /** Entitlements of --allow. */
  readonly allows: ReadonlySet<"network.host" | "security.insecure" | "device">;
  /** --compat-volumes: what RUN changes in a directory behind VOLUME is lost. */
  readonly compatVolumes: boolean;
  /** Whether stages that the target does not need are left out. */
  readonly skipsUnusedStages: boolean;
}

/** By id. The content is read when a step asks for it, and never kept. */
export type BuildSecret =
  | { readonly type: "file"; readonly path: string }
  | { readonly type: "env"; readonly variable: string; readonly value: string | undefined };

export type SshSource =
  | { readonly type: "agent"; readonly socket: string }
  /** Private keys that an agent is started for. */
  | { readonly type: "keys"; readonly paths: readonly string[] };
