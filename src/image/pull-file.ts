import type { Engine } from "../engine.ts";
import { hostPlatform } from "../oci/platform.ts";
import type { ImageRecord } from "../storage/images.ts";
import { requireAcceptedFile } from "./accept-file.ts";
import type { PullOptions } from "./pull.ts";
import { recordImageEvent } from "./record-event.ts";
import { storeImage } from "./store-image.ts";
import { openFileImage } from "./transport/file-source.ts";
import type { FilePlace } from "./transport/location.ts";

/**
 * Pulls the image that an archive or a folder holds, under the name that it has there.
 * @throws {DhowError} As `openFileImage` and `storeImage`; `permission-denied` if policy.json does not let it in.
 */
export async function pullFromFile(
  engine: Engine,
  place: FilePlace,
  { platform = hostPlatform(), onEvent }: PullOptions,
): Promise<ImageRecord> {
  using opened = await openFileImage(engine, place, platform);
  await requireAcceptedFile(opened.image, place);
  const record = await storeImage(engine, opened.image, { names: opened.names, expectedPlatform: platform, onEvent });
  recordImageEvent(engine, record, "pull", `${place.transport}:${place.path}`);
  return record;
}
