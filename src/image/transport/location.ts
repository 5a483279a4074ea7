import { DhowError } from "../../errors.ts";
import { parseReference, type Reference } from "../../oci/reference.ts";

/** A place of an image, as containers-transports(5) writes it. */
export type Location =
  | { readonly transport: "docker"; readonly reference: Reference }
  | { readonly transport: "containers-storage"; readonly name: string }
  | FilePlace;

/** A place in the file system. */
export type FilePlace = { readonly transport: "dir"; readonly path: string } | FileLocation;

/** An archive or layout, which may hold several images. */
export interface FileLocation {
  readonly transport: "oci" | "oci-archive" | "docker-archive";
  readonly path: string;
  /** What the image is called there: for docker-archive a reference, else any text; undefined if it is the only one. */
  readonly image: string | undefined;
  /** `@N`: the image at that position of the source. */
  readonly position: number | undefined;
}

/** Transports that containers/image knows and dhow does not, and why. */
const refusals: Readonly<Record<string, string>> = {
  "docker-daemon":
    "dhow does not talk to a Docker daemon: use 'docker save' and 'dhow load', or 'dhow save' and 'docker load'",
  atomic: "the atomic transport is gone from every engine",
  ostree: "dhow does not use ostree",
  sif: "dhow does not read Singularity images",
  tarball: "a file system archive is imported with 'dhow import'",
};

/**
 * Reads a place with a transport in front, as `oci:/tmp/layout:latest`.
 * @returns Undefined for anything else: a name, with or without a registry.
 * @throws {DhowError} `invalid-argument` for a mistake, `unsupported` for a transport that dhow does not have.
 */
export function parseLocation(text: string): Location | undefined {
  const colon = text.indexOf(":");
  const [transport, rest] = [text.slice(0, colon), text.slice(colon + 1)];
  if (colon < 0) return undefined;
  switch (transport) {
    case "docker":
      // `docker:1` is an image with a tag.
      return rest.startsWith("//") ? { transport, reference: parseReference(rest.slice(2)) } : undefined;
    case "containers-storage":
      return { transport, name: storageName(text, rest) };
    case "dir":
      return { transport, path: requirePath(text, rest) };
    case "oci":
    case "oci-archive":
    case "docker-archive":
      return parseFileLocation(text, transport, rest);
    default:
      if (!Object.hasOwn(refusals, transport)) return undefined;
      throw new DhowError(`the transport of ${JSON.stringify(text)} is not supported: ${refusals[transport]}`, {
        kind: "unsupported",
      });
  }
}

/** Where podman's own syntax names a store (`[overlay@/root+/run]name`), another one than dhow's is meant. */
function storageName(text: string, rest: string): string {
  if (rest.startsWith("[")) {
    throw new DhowError(`invalid image name ${JSON.stringify(text)}: dhow has one store, which no name can choose`, {
      kind: "unsupported",
      hint: "use dhow's --root",
    });
  }
  return rest.replace(/^@/, "");
}

function parseFileLocation(text: string, transport: FileLocation["transport"], rest: string): FileLocation {
  const colon = rest.indexOf(":");
  const path = requirePath(text, colon < 0 ? rest : rest.slice(0, colon));
  const image = colon < 0 ? "" : rest.slice(colon + 1);
  const position = /^@(\d+)$/.exec(image)?.[1];
  if (position === undefined && image.startsWith("@")) throw invalid(text, "the position behind @ is no number");
  return {
    transport,
    path,
    image: image === "" || position !== undefined ? undefined : image,
    position: position === undefined ? undefined : Number(position),
  };
}

function requirePath(text: string, path: string): string {
  if (path === "") throw invalid(text, "it names no path");
  return path;
}

function invalid(text: string, reason: string): DhowError {
  return new DhowError(`invalid image name ${JSON.stringify(text)}: ${reason}`, { kind: "invalid-argument" });
}
