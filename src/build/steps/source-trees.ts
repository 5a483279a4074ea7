import { DhowError } from "../../errors.ts";
import { ensureImage } from "../../image/ensure-image.ts";
import type { Platform } from "../../oci/image.ts";
import { formatPlatform } from "../../oci/platform.ts";
import type { ImageRecord } from "../../storage/images.ts";
import { type SourceTree, wholeTree } from "../files/select.ts";
import type { StepInfo } from "../progress.ts";
import type { ContextTree } from "../request.ts";
import { type BuildSession, once } from "../session.ts";
import type { ImageState } from "./image-state.ts";
import { mountForReading } from "./mounted-state.ts";

/** Where `--from` leads. */
export type From =
  | { readonly kind: "context" }
  | { readonly kind: "named"; readonly tree: ContextTree }
  | { readonly kind: "stage"; readonly index: number }
  | { readonly kind: "image"; readonly name: string };

export interface FromFacts {
  readonly step: StepInfo;
  readonly platform: Platform;
  solveStage(index: number): Promise<ImageState>;
}

/** Files to copy from or to mount, and what stands for all of them if that is known without reading them. */
export interface FoundTree {
  readonly tree: SourceTree;
  readonly contentKey: string | undefined;
}

/** What stands for all files of a source, found without reading them; undefined for directories of the user's. */
export async function contentKeyOf(session: BuildSession, from: From, facts: FromFacts): Promise<string | undefined> {
  if (from.kind === "stage") return (await facts.solveStage(from.index)).chainId;
  return from.kind === "image" ? (await baseImage(session, from.name, facts)).topLayer : undefined;
}

/** @throws {DhowError} `not-found` if there is no build context. */
export async function openSourceTree(session: BuildSession, from: From, facts: FromFacts): Promise<FoundTree> {
  switch (from.kind) {
    case "context": {
      const { context } = session.request;
      if (context === undefined) {
        throw new DhowError("there is no build context to copy from", {
          kind: "not-found",
          hint: "name a directory on the command line",
        });
      }
      return { tree: contextTree(context), contentKey: undefined };
    }
    case "named":
      return { tree: contextTree(from.tree), contentKey: undefined };
    case "stage": {
      const { chainId } = await facts.solveStage(from.index);
      return { tree: imageTree(await mountForReading(session, chainId)), contentKey: chainId };
    }
    case "image": {
      const { topLayer } = await baseImage(session, from.name, facts);
      return { tree: imageTree(await mountForReading(session, topLayer)), contentKey: topLayer };
    }
  }
}

/** The image of a name, pulled if the build's policy wants that; once in a build. */
export function baseImage(
  session: BuildSession,
  name: string,
  { step, platform }: Pick<FromFacts, "step" | "platform">,
): Promise<ImageRecord> {
  const { engine, request, emit } = session;
  return once(session, `image:${name}:${formatPlatform(platform)}`, async () => {
    const image = await ensureImage(engine, name, {
      ...request.base.registry,
      policy: request.base.pullPolicy,
      platform,
      onEvent: (event) => emit({ type: "pull", step, event }),
    });
    if (image.topLayer !== undefined) engine.layers.reserve([image.topLayer]);
    engine.leases.take(engine.images.blobs(image.id));
    return image;
  });
}

function contextTree(context: ContextTree): SourceTree {
  return {
    directory: context.directory,
    isIgnored: (path) => context.isIgnored(path),
    mayHoldIncluded: () => context.hasExceptions === true,
    ignoredBy: (path) => context.ignoredBy?.(path),
    keepsOwners: false,
  };
}

function imageTree(directory: string): SourceTree {
  return { ...wholeTree(directory), keepsOwners: true };
}
