import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import { formatReference, parseWrittenReference, qualify, withDefaultTag } from "../oci/reference.ts";
import type { ImageRecord } from "../storage/images.ts";
import type { ManifestListRecord } from "../storage/manifest-lists.ts";
import { findImage } from "./find.ts";
import { recordImageEvent } from "./record-event.ts";

/**
 * Gives an image more names, or all the images of a name (one a platform); a name that belongs to others moves.
 * Short names go below localhost/.
 * @throws {DhowError} `not-found`; `invalid-argument` for what is no name with a tag.
 */
export async function tagImage(engine: Engine, nameOrId: string, targets: readonly string[]): Promise<void> {
  const list = engine.manifestLists.find(nameOrId);
  if (list) {
    for (const name of targets.map(localName)) tagList(engine, list, name);
    return;
  }
  await findImage(engine, nameOrId);
  const images = engine.images.findAll(nameOrId);
  for (const name of targets.map(localName)) {
    engine.images.setName(
      name,
      images.map(({ id }) => id),
    );
    for (const image of images) recordImageEvent(engine, image, "tag", name);
  }
}

function tagList(engine: Engine, list: ManifestListRecord, name: string): void {
  engine.manifestLists.setName(name, list.id);
  recordImageEvent(engine, list, "tag", name);
}

/**
 * Takes names away from an image, or from all the images of a name; all names if none is given. The image stays, and so does what is known of the digests
 * that it has in registries: naming one of those, as in `repository@sha256:...`, changes nothing.
 * @throws {DhowError} `not-found` for an image or a name that is not there.
 */
export function untagImage(
  engine: Pick<Engine, "events" | "images" | "manifestLists">,
  nameOrId: string,
  targets: readonly string[],
): void {
  const { images, manifestLists } = engine;
  const list = manifestLists.find(nameOrId);
  if (list) {
    untagList(engine, list, targets);
    return;
  }
  images.get(nameOrId);
  const found = images.findAll(nameOrId);
  const names = targets
    .filter((target) => !found.some((image) => isDigestOf(image, target)))
    .map((target) => images.findName(target) ?? localName(target));
  const unknown = names.find((name) => !found.some((image) => image.names.includes(name)));
  if (unknown !== undefined) throw unknownTag(unknown);
  for (const image of found) {
    const taken = targets.length > 0 ? names.filter((name) => image.names.includes(name)) : image.names;
    for (const name of taken) {
      images.removeName(image.id, name);
      recordImageEvent(engine, image, "untag", name);
    }
  }
}

function untagList(
  engine: Pick<Engine, "events" | "images" | "manifestLists">,
  list: ManifestListRecord,
  targets: readonly string[],
): void {
  const names = targets.map((target) => engine.images.findName(target) ?? localName(target));
  const unknown = names.find((name) => !list.names.includes(name));
  if (unknown !== undefined) throw unknownTag(unknown);
  for (const name of targets.length > 0 ? names : list.names) {
    engine.manifestLists.removeName(list.id, name);
    recordImageEvent(engine, list, "untag", name);
  }
}

function unknownTag(name: string): DhowError {
  return new DhowError(`${name}: tag not known`, { kind: "not-found" });
}

function isDigestOf({ repoDigests }: ImageRecord, text: string): boolean {
  const written = parseWrittenReference(text);
  if (written.digest === undefined) return false;
  const reference = qualify(written, written.registry ?? "localhost");
  return repoDigests.includes(formatReference({ ...reference, tag: undefined }));
}

/**
 * The name that a user gives to an image of this machine: short ones go below localhost/, `latest` is the usual tag.
 * @throws {DhowError} `invalid-argument`.
 */
export function localName(text: string): string {
  const written = parseWrittenReference(text);
  if (written.digest !== undefined) {
    throw new DhowError(`${text}: tag by digest not supported`, { kind: "invalid-argument" });
  }
  return formatReference(withDefaultTag(qualify(written, written.registry ?? "localhost")));
}
