import { goTime, humanSince, humanSize } from "../../cli/human.ts";
import { toMap } from "../../cli/template/values.ts";
import type { ImageRow } from "../../image/list.ts";
import type { ImageRelations } from "../../image/listed-image.ts";

export interface ImageViewOptions {
  readonly noTrunc: boolean;
  /** How many containers the image has. */
  countContainers(id: string): number;
  readonly relations: ImageRelations;
  namesHistory(id: string): readonly string[];
}

const none = "<none>";

/** What templates of `images` see: podman's fields and Docker's. Computed when a template asks for them. */
export function imageFields({ image, repository, tag }: ImageRow, options: ImageViewOptions): Record<string, unknown> {
  const id = options.noTrunc ? `sha256:${image.id}` : image.id.slice(0, 12);
  return {
    ID: id,
    Id: image.id,
    Repository: repository ?? none,
    Tag: tag ?? none,
    Digest: image.manifestDigest,
    Names: image.names,
    RepoTags: image.names,
    RepoDigests: image.repoDigests,
    get History() {
      return options.namesHistory(image.id).join(", ");
    },
    Labels: toMap(image.labels),
    get ParentId() {
      return options.relations.parentOf(image)?.id ?? "";
    },
    SharedSize: 0,
    get Dangling() {
      return options.relations.isDangling(image);
    },
    get IsDangling() {
      return options.relations.isDangling(image);
    },
    IsManifestList: image.isManifestList ?? false,
    Arch: image.architecture,
    Os: image.os,
    ReadOnly: image.readOnly,
    IsReadOnly: image.readOnly,
    get Created() {
      return humanSince(image.createdAt);
    },
    get CreatedSince() {
      return humanSince(image.createdAt);
    },
    get CreatedAt() {
      return goTime(image.createdAt);
    },
    get CreatedTime() {
      return goTime(image.createdAt);
    },
    get Size() {
      return spacedSize(image.sizeBytes);
    },
    VirtualSize: image.sizeBytes,
    get Containers() {
      return options.countContainers(image.id);
    },
  };
}

/** One element of `images --format json`. */
export function imageJson({ image }: ImageRow, view: ImageViewOptions): object {
  const { countContainers, namesHistory, relations } = view;
  const dangling = relations.isDangling(image);
  return {
    Id: image.id,
    ParentId: relations.parentOf(image)?.id ?? "",
    RepoTags: image.names.length === 0 ? null : image.names,
    RepoDigests: image.repoDigests,
    Size: image.sizeBytes,
    SharedSize: 0,
    VirtualSize: image.sizeBytes,
    Labels: image.labels,
    Containers: countContainers(image.id),
    ...(image.readOnly ? { ReadOnly: true } : {}),
    ...(dangling ? { Dangling: true } : {}),
    ...(image.names.length > 0 ? { Names: image.names } : {}),
    Digest: image.manifestDigest,
    History: namesHistory(image.id),
    ...(image.isManifestList ? { IsManifestList: true } : { Arch: image.architecture, Os: image.os }),
    Created: Math.floor(image.createdAt.getTime() / 1000),
    CreatedAt: image.createdAt.toISOString(),
  };
}

/** `2.13 MB`: listings of images have a space there, others have none. */
export function spacedSize(bytes: number): string {
  return humanSize(bytes).replace(/(\d)([a-z]*B)$/i, "$1 $2");
}
