import type { Engine } from "../../engine.ts";
import { type Digest, digestHex } from "../../oci/digest.ts";

/** Notes in the journal what happened to an artifact. */
export function recordArtifactEvent(
  { events }: Pick<Engine, "events">,
  status: "add" | "extract" | "pull" | "push" | "remove",
  { name, digest }: { readonly name: string; readonly digest: Digest },
): void {
  events.append({ type: "artifact", status, id: digestHex(digest), name });
}
