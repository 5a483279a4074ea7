import { DhowError } from "../../errors.ts";
import { hostPlatform } from "../../oci/platform.ts";
import type { FileImage } from "./file-image.ts";
import { type ImageFiles, readFileJson } from "./image-files.ts";

/** What an archive or a folder holds. */
export interface FoundImages {
  /** A layout is `oci-archive` or `oci`, depending on where it lies. */
  readonly form: "oci" | "docker-archive" | "dir";
  readonly images: readonly FileImage[];
}

/**
 * The images of an archive or a folder, whichever form it has: an OCI image layout, what `docker save` writes or wrote before
 * Docker 1.10, or a folder of the `dir:` transport.
 * @param platform Which image is taken where there is an index.
 * @throws {DhowError} `invalid-argument` if it is none of these; `corrupt` if something it names is missing or differs.
 */
export async function findImages(files: ImageFiles, platform = hostPlatform()): Promise<FoundImages> {
  // `docker save` of Docker 25 and later writes both: the OCI form carries the original manifests
  if (files.find("index.json")) {
    return { form: "oci", images: await (await import("./oci-layout.ts")).readOciLayout(files, platform) };
  }
  const manifest = files.find("manifest.json");
  if (manifest && Array.isArray(readFileJson(manifest, "manifest.json"))) {
    return { form: "docker-archive", images: await (await import("./docker-archive.ts")).readDockerArchive(files) };
  }
  if (manifest) return { form: "dir", images: [(await import("./directory.ts")).readDirectory(files, platform)] };
  if (files.find("repositories")) {
    return { form: "docker-archive", images: await (await import("./legacy-archive.ts")).readLegacyArchive(files) };
  }
  throw new DhowError("payload does not match any of the supported image formats: no manifest.json, no index.json", {
    kind: "invalid-argument",
  });
}
