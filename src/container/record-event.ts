import type { Engine } from "../engine.ts";
import type { EventDetails } from "../model/event.ts";
import type { ContainerRecord } from "../storage/containers.ts";

/** Notes in the journal what happened to a container. */
export function recordEvent(
  { events }: Pick<Engine, "events">,
  { id, name, config }: Pick<ContainerRecord, "id" | "name" | "config">,
  status: string,
  details: Pick<EventDetails, "exitCode" | "outOfMemory" | "health" | "network" | "attributes"> = {},
): void {
  const pod = config.pod && { podId: config.pod.id };
  const attributes = { ...config.labels, ...details.attributes };
  events.append({ type: "container", status, id, name, image: config.imageName, ...pod, ...details, attributes });
}
