import { defineCommand } from "../../cli/command.ts";
import { parseFilters } from "../../cli/filter.ts";
import { watchEvents } from "../../events/watch-events.ts";
import { parsePointInTime, parseUntil } from "../../model/point-in-time.ts";
import { isJsonFormat } from "../listing.ts";
import { eventFields, eventJson, eventText } from "./event-view.ts";

export const events = defineCommand({
  usage: "[options]",
  summary: "Show events",
  description:
    "Monitor system events. By default, streaming mode is used, printing new events as they occur. Previous events can be listed via --since and --until.",
  examples: [
    "dhow events",
    "dhow events --filter event=create",
    "dhow events --format {{.Image}}",
    "dhow events --since 1h30s --stream=false",
  ],
  options: {
    filter: { type: "string", array: true, short: "f", describe: "Filter output", valueName: "stringArray" },
    format: { type: "string", describe: "Format the output to JSON lines or using a Go template" },
    "no-trunc": { type: "boolean", default: true, describe: "Do not truncate the output" },
    since: { type: "string", describe: "Show all events created since timestamp" },
    stream: { type: "boolean", default: true, describe: "Go on showing events as they happen" },
    "no-stream": { type: "boolean", describe: "Stop after the last known event, as --stream=false" },
    until: { type: "string", describe: "Show all events until timestamp" },
  },
  operands: { max: 0 },
  async run({ options }, { engine, out }) {
    const { since, until } = options;
    const show = await formatter(options.format, options["no-trunc"]);
    await watchEvents(
      engine,
      {
        filters: parseFilters(options.filter),
        sinceMs: since === undefined ? undefined : parsePointInTime(since).getTime(),
        untilMs: until === undefined ? undefined : parseUntil(until).getTime(),
        stream: options.stream && !options["no-stream"],
      },
      (event) => out.write(show(event)),
    );
  },
});

async function formatter(format: string | undefined, noTrunc: boolean): Promise<typeof eventJson> {
  if (format === undefined || format === "") return (event) => `${eventText(event, noTrunc)}\n`;
  if (isJsonFormat(format)) return eventJson;
  const { renderObject } = await import("../../cli/format.ts");
  return (event) => renderObject({ name: "events", format, dataType: "system.Event" }, eventFields(event));
}
