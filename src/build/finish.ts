import { addToList, createList } from "../image/manifest-list/change.ts";
import { recordImageEvent } from "../image/record-event.ts";
import { recordImage } from "../image/record-image.ts";
import { localName } from "../image/tag.ts";
import type { Digest } from "../oci/digest.ts";
import { type ContainerDefaults, mediaTypes } from "../oci/image.ts";
import { formatPlatform } from "../oci/platform.ts";
import type { ImageRecord } from "../storage/images.ts";
import { version } from "../version.ts";
import { needsImage, writeOutputs } from "./outputs.ts";
import type { BuildPlan } from "./plan.ts";
import type { BuildResult } from "./progress.ts";
import { type BuildSession, platformName } from "./session.ts";
import { squash } from "./squash.ts";
import type { ImageState } from "./steps/image-state.ts";

interface Built {
  readonly plan: BuildPlan;
  readonly state: ImageState;
}

/** Makes images of what the targets have become, and gives them to whoever asked for them. */
export async function finishBuild(
  session: BuildSession,
  buildId: string,
  built: readonly Built[],
): Promise<BuildResult> {
  const { result } = session.request;
  const pushed = result.outputs.flatMap((output) => (output.type === "image" ? output.names : []));
  const names = [...new Set([...result.tags, ...pushed].map(localName))];
  const targets: { readonly state: ImageState; readonly image: ImageRecord | undefined; readonly plan: BuildPlan }[] =
    [];
  for (const { plan, state } of built) {
    const squashed = await squash(session, state);
    const image = needsImage(result) ? await makeImage(session, squashed, built.length > 1 ? [] : names) : undefined;
    targets.push({ plan, state: squashed, image });
  }
  const images = targets.flatMap(({ image }) => image ?? []);
  const index = images.length > 1 ? nameTogether(session, images, names) : undefined;
  for (const { image, plan } of targets) if (image) tell(session, { image, names, plan });
  if (result.manifest !== undefined) await joinList(session, result.manifest, images);
  await writeOutputs(session, targets);
  const [image] = images;
  return {
    buildId,
    imageId: index?.replace(/^sha256:/, "") ?? image?.id,
    digest: index ?? image?.manifestDigest,
    configDigest: image?.configDigest,
    names,
    images: targets.flatMap(({ image: one, plan }) =>
      one ? [{ id: one.id, digest: one.manifestDigest, platform: formatPlatform(plan.platform) }] : [],
    ),
  };
}

function tell(
  session: BuildSession,
  { image, names, plan }: { readonly image: ImageRecord; readonly names: readonly string[]; readonly plan: BuildPlan },
): void {
  recordImageEvent(session.engine, image, "build", names[0] ?? image.id);
  const platform = platformName(session.request, plan.platform);
  session.emit({ type: "image", id: image.id, names, platform });
}

/** Images of several platforms go by one name, which stands for an index. @returns Its digest. */
function nameTogether({ engine }: BuildSession, images: readonly ImageRecord[], names: readonly string[]): Digest {
  const manifests = images.map(({ manifestDigest, os, architecture, variant }) => ({
    mediaType: engine.images.manifest(engine.images.get(manifestDigest)).mediaType ?? mediaTypes.ociManifest,
    digest: manifestDigest,
    size: engine.blobs.findSize(manifestDigest) ?? 0,
    platform: { architecture, os, ...(variant === undefined ? {} : { variant }) },
  }));
  const content = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests });
  const indexDigest = engine.blobs.put(Buffer.from(content));
  for (const { manifestDigest } of images) engine.images.add({ manifestDigest, names, repoDigests: [], indexDigest });
  return indexDigest;
}

/** --manifest: the images become instances of a list, which is made if there is none. */
async function joinList(
  { engine, request }: BuildSession,
  name: string,
  images: readonly ImageRecord[],
): Promise<void> {
  const find = { all: false, platform: undefined, registry: request.base.registry };
  const list = await createList(engine, name, [], { ...find, amend: true, annotations: {} });
  for (const { id } of images) await addToList(engine, list.id, id, { ...find, change: {} });
}

async function makeImage(session: BuildSession, state: ImageState, names: readonly string[]): Promise<ImageRecord> {
  const { engine, request } = session;
  const { metadata } = request;
  const { os, architecture, variant } = state.platform;
  const inherited = metadata.inheritsAnnotations ? state.annotations : {};
  const annotations = { ...inherited, ...metadata.annotations };
  for (const name of metadata.unsetAnnotations) delete annotations[name];
  return recordImage(engine, {
    format: metadata.format,
    config: {
      created: state.createdAt.toISOString(),
      ...(state.author === undefined ? {} : { author: state.author }),
      architecture,
      ...(variant === undefined ? {} : { variant }),
      os,
      config: finalDefaults(state, request),
      history: metadata.omitsHistory ? [] : state.history,
    },
    layers: state.layers,
    annotations,
    names,
  });
}

/** Says what has built an image, unless --identity-label=false. */
const identityLabel = "io.dhow.version";

/** The config with what flags add and leave out. */
function finalDefaults({ defaults }: ImageState, { metadata, variables }: BuildSession["request"]): ContainerDefaults {
  const { Labels, Env, ...rest } = defaults;
  const all = { ...Labels, ...(metadata.identityLabel ? { [identityLabel]: version } : {}) };
  const labels = Object.fromEntries(Object.entries(all).filter(([name]) => !metadata.unsetLabels.includes(name)));
  const env = (Env ?? []).filter((entry) => !variables.unsetEnv.includes(entry.split("=", 1)[0] ?? ""));
  return {
    ...rest,
    ...(env.length > 0 ? { Env: env } : {}),
    ...(Object.keys(labels).length > 0 ? { Labels: labels } : {}),
  };
}
