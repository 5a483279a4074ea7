import type { Engine } from "../../engine.ts";
import type { ManifestListRecord } from "../../storage/manifest-lists.ts";
import { recordImageEvent } from "../record-event.ts";

/** Removes a manifest list with all its names; the images that it names stay. */
export function removeList(
  engine: Pick<Engine, "manifestLists" | "events">,
  list: ManifestListRecord,
): { untagged: readonly string[]; deleted: readonly string[] } {
  engine.manifestLists.remove(list.id);
  for (const name of list.names) recordImageEvent(engine, list, "untag", name);
  recordImageEvent(engine, list, "remove", list.id);
  return { untagged: list.names, deleted: [list.id] };
}
