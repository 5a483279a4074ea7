import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import { formatReference, parseWrittenReference, qualify, withDefaultTag } from "../oci/reference.ts";
import type { ImageRecord } from "../storage/images.ts";
import { findImage } from "./find.ts";
import { recordImageEvent } from "./record-event.ts";

/**
 * Gives an image more names; a name that belongs to another image moves. Short names go below localhost/.
 * @throws {DhowError} `not-found`; `invalid-argument` for what is no name with a tag.
 */
export async function tagImage(engine: Engine, nameOrId: string, targets: readonly string[]): Promise<void> {
  const image = await findImage(engine, nameOrId);
  const names = targets.map(localName);
  for (const name of names) {
    engine.images.addName(image.id, name);
    recordImageEvent(engine, image, "tag", name);
  }
}

/**
 * Takes names away from an image; all of them if none is given. The image stays, and so does what is known of the digests
 * that it has in registries: naming one of those, as in `repository@sha256:...`, changes nothing.
 * @throws {DhowError} `not-found` for an image or a name that is not there.
 */
export function untagImage(
  engine: Pick<Engine, "events" | "images">,
  nameOrId: string,
  targets: readonly string[],
): void {
  const { images } = engine;
  const image = images.get(nameOrId);
  const names = targets
    .filter((target) => !isDigestOf(image, target))
    .map((target) => images.findName(target) ?? localName(target));
  const unknown = names.find((name) => !image.names.includes(name));
  if (unknown !== undefined) throw new DhowError(`${unknown}: tag not known`, { kind: "not-found" });
  for (const name of targets.length > 0 ? names : image.names) {
    images.removeName(image.id, name);
    recordImageEvent(engine, image, "untag", name);
  }
}

function isDigestOf({ repoDigests }: ImageRecord, text: string): boolean {
  const written = parseWrittenReference(text);
  if (written.digest === undefined) return false;
  const reference = qualify(written, written.registry ?? "localhost");
  return repoDigests.includes(formatReference({ ...reference, tag: undefined }));
}

function localName(text: string): string {
  const written = parseWrittenReference(text);
  if (written.digest !== undefined) {
    throw new DhowError(`${text}: tag by digest not supported`, { kind: "invalid-argument" });
  }
  return formatReference(withDefaultTag(qualify(written, written.registry ?? "localhost")));
}
