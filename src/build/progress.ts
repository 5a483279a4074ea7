import type { PullEvent } from "../image/pull.ts";

/** Where something stands in a Dockerfile. Lines count from 1. */
export interface SourcePlace {
  readonly file: string;
  readonly startLine: number;
  readonly endLine: number;
}

/** One step of a build, as people are told of it. */
export interface StepInfo {
  /** Counts from 1 in the order of the Dockerfile, the same in all events of a build. */
  readonly id: number;
  /** Name of the stage, or its number from 0 as text. */
  readonly stage: string;
  /** As `linux/arm64`; undefined when only one platform is built. */
  readonly platform: string | undefined;
  /** Number of the step in its stage, from 1, and how many the stage has. FROM is the first. */
  readonly number: number;
  readonly count: number;
  /** The instruction as it was written, on one line, variables not yet expanded: `RUN make all`. */
  readonly text: string;
  readonly place: SourcePlace | undefined;
}

/** What a step of the build left: a layer or a change of the config. */
export interface StepResult {
  /** Stands for the image so far: hex, as the id that podman prints behind `-->`. */
  readonly id: string;
  readonly isCached: boolean;
  readonly durationMs: number;
  /** Bytes of the layer's files; 0 for none. */
  readonly layerBytes: number;
}

export interface StepFailure {
  readonly step: StepInfo;
  /** One sentence. */
  readonly message: string;
  /** Of a RUN whose program failed. */
  readonly exitCode: number | undefined;
  /** Last lines that the step wrote. */
  readonly lastOutput: readonly string[];
}

/** What happens in a build, in order. Steps of several stages run at once: their events mix. */
export type BuildEvent =
  /** Comes first, once everything is known about what will be built. Steps that nothing needs are not in it. */
  | { readonly type: "planned"; readonly steps: readonly StepInfo[]; readonly stages: readonly StagePlan[] }
  | { readonly type: "step-started"; readonly step: StepInfo }
  /** A line that a step wrote, without its end; carriage returns have cut it, too. */
  | { readonly type: "output"; readonly step: StepInfo; readonly stream: "stdout" | "stderr"; readonly line: string }
  /** Bytes on their way: context files, downloads of ADD. `totalBytes` is undefined as long as nobody knows. */
  | {
      readonly type: "transfer";
      readonly step: StepInfo;
      readonly what: string;
      readonly bytes: number;
      readonly totalBytes: number | undefined;
    }
  /** What a pull says: of FROM, COPY --from and mounts. */
  | { readonly type: "pull"; readonly step: StepInfo; readonly event: PullEvent }
  | { readonly type: "step-finished"; readonly step: StepInfo; readonly result: StepResult }
  | { readonly type: "step-failed"; readonly failure: StepFailure }
  /** Another step has failed, or the user has interrupted. */
  | { readonly type: "step-canceled"; readonly step: StepInfo }
  | { readonly type: "warning"; readonly message: string; readonly place: SourcePlace | undefined }
  /** Writing the image: its layers, the outputs. `what` is a phrase as `exporting layers`. */
  | { readonly type: "export-started" | "export-finished"; readonly what: string }
  /** One for each platform. */
  | {
      readonly type: "image";
      readonly id: string;
      readonly names: readonly string[];
      readonly platform: string | undefined;
    };

export interface StagePlan {
  readonly name: string;
  readonly platform: string | undefined;
  /** As FROM has it, expanded. */
  readonly base: string;
}

export type OnBuildEvent = (event: BuildEvent) => void;

/** What came out of a build. */
export interface BuildResult {
  /** Id of the image that the history of builds has. */
  readonly buildId: string;
  /** Hex id of the image, or hex digest of the index for several platforms; undefined if only files were asked for. */
  readonly imageId: string | undefined;
  /** Digest of the manifest or index. */
  readonly digest: string | undefined;
  readonly configDigest: string | undefined;
  readonly names: readonly string[];
  /** Of each platform. */
  readonly images: readonly { readonly id: string; readonly platform: string; readonly digest: string }[];
}
