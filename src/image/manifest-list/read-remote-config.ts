import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Manifest, Platform } from "../../oci/image.ts";
import { parseImageConfig } from "../../oci/manifest.ts";
import { isImageConfigType } from "../../oci/media-types.ts";
import type { Reference } from "../../oci/reference.ts";
import type { RegistryClient } from "../../registry/client.ts";

/** The platform that an image in a registry is for, as its config says; that of an artifact is nobody's. */
export async function readRemoteConfig(
  client: Pick<RegistryClient, "fetchBlob">,
  reference: Reference,
  { config, layers }: Manifest,
): Promise<Platform> {
  if (!isImageConfigType(config.mediaType)) return { architecture: "", os: "" };
  const folder = mkdtempSync(join(tmpdir(), "dhow-config-"));
  try {
    const path = join(folder, "config");
    await client.fetchBlob(reference, config, { path });
    const { architecture, os, variant, ...rest } = parseImageConfig(readFileSync(path), layers.length);
    const version = (rest as Partial<Platform>)["os.version"];
    return { architecture, os, ...(version ? { "os.version": version } : {}), ...(variant ? { variant } : {}) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
