import type { Engine } from "../engine.ts";

/** Notes in the journal what happened to an image. @param name What it was called by: a name, its id, or where it came from. */
export function recordImageEvent(
  { events }: Pick<Engine, "events">,
  { id }: { readonly id: string },
  status: string,
  name: string,
): void {
  events.append({ type: "image", status, id, name });
}
