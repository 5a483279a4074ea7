import type { Engine } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import type { Platform } from "../../oci/image.ts";
import { formatReference, parseReference, withDefaultTag } from "../../oci/reference.ts";
import type { FileImage } from "../archive/file-image.ts";
import { findImages } from "../archive/find-images.ts";
import type { LayoutImage } from "../archive/oci-layout.ts";
import { openFiles } from "../archive/open-files.ts";
import type { FileLocation, FilePlace } from "./location.ts";

/** An image that lies in a file or a folder. What was unpacked for it goes when it is disposed of. */
export interface OpenFileImage extends Disposable {
  readonly image: FileImage;
  /** What it is called in the store. */
  readonly names: readonly string[];
}

/**
 * Opens the image that a place names; it may be left out where there is only one.
 * @param platform Which image is taken where there is an index; undefined: this machine's.
 * @throws {DhowError} `not-found`, `corrupt`, `unsupported`; `conflict` if the place holds several and none is named.
 */
export async function openFileImage(
  engine: Pick<Engine, "paths">,
  location: FilePlace,
  platform?: Platform,
): Promise<OpenFileImage> {
  const files = await openFiles(engine, location.path);
  try {
    const { images } = await findImages(files, platform);
    const image = location.transport === "dir" ? chooseOnly(images, location.path) : choose(images, location);
    return { image, names: namesFor(image, location), [Symbol.dispose]: () => files[Symbol.dispose]() };
  } catch (error) {
    files[Symbol.dispose]();
    throw error;
  }
}

function choose(images: readonly FileImage[], location: FileLocation): FileImage {
  const { path, image: wanted, position, transport } = location;
  if (position !== undefined) return images[position] ?? throwMissing(`no image at position ${position}`, path);
  if (wanted === undefined) return chooseOnly(images, path);
  const name = transport === "docker-archive" ? formatReference(withDefaultTag(parseReference(wanted))) : wanted;
  const isWanted = (image: FileImage) => image.names.includes(name) || refNameOf(image) === name;
  return images.find(isWanted) ?? throwMissing(`no image called ${JSON.stringify(wanted)}`, path);
}

function refNameOf(image: FileImage): string | undefined {
  return (image as Partial<LayoutImage>).refName;
}

function chooseOnly(images: readonly FileImage[], path: string): FileImage {
  const [only, ...others] = images;
  if (only === undefined) return throwMissing("no image", path);
  if (others.length === 0) return only;
  throw new DhowError(`${path} holds more than one image, choose an image`, {
    kind: "conflict",
    hint: `behind the path, for example ${path}:${images.flatMap((image) => refNameOf(image) ?? image.names)[0] ?? "@0"}; 'dhow load' takes all of them`,
  });
}

function throwMissing(what: string, path: string): never {
  throw new DhowError(`there is ${what} in ${path}`, { kind: "not-found" });
}

/** Of an archive of Docker's, the name that was asked for alone; of a layout, what it calls the image. */
function namesFor(image: FileImage, location: FilePlace): readonly string[] {
  if (location.transport !== "docker-archive" || location.image === undefined) return image.names;
  return [formatReference(withDefaultTag(parseReference(location.image)))];
}
