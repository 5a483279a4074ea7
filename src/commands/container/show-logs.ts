import type { OptionTable } from "../../cli/command.ts";
import { writeWithoutBlocking } from "../../cli/output.ts";
import { type LogLine, readLogs } from "../../container/logs.ts";
import type { ContainerRecord, Engine } from "../../engine.ts";
import { parsePointInTime, parseUntil } from "../../model/point-in-time.ts";

const colors = [37, 31, 33, 34, 35, 36, 32];

/** Which lines are shown, and what stands before them. */
export const logOptions = {
  color: { type: "boolean", describe: "Output the containers with different colors in the log" },
  follow: { type: "boolean", short: "f", describe: "Follow log output" },
  names: { type: "boolean", short: "n", describe: "Output the container name in the log" },
  since: { type: "string", describe: "Show logs since TIMESTAMP" },
  tail: { type: "number", default: -1, describe: "Output the specified number of LINES at the end of the logs" },
  timestamps: { type: "boolean", short: "t", describe: "Output the timestamps in the log" },
  until: { type: "string", describe: "Show logs until TIMESTAMP" },
} as const satisfies OptionTable;

interface LogFlags {
  readonly color: boolean;
  readonly follow: boolean;
  readonly names: boolean;
  readonly since: string | undefined;
  readonly tail: number;
  readonly timestamps: boolean;
  readonly until: string | undefined;
}

/** Shows the logs of containers; of several, their lines are mixed and marked. */
export async function showLogs(engine: Engine, records: readonly ContainerRecord[], options: LogFlags): Promise<void> {
  const window = {
    follow: options.follow,
    tail: options.tail < 0 ? undefined : options.tail,
    sinceMs: options.since === undefined ? undefined : parsePointInTime(options.since).getTime(),
    untilMs: options.until === undefined ? undefined : parseUntil(options.until).getTime(),
  };
  const several = records.length > 1;
  const reading = records.map((record, index) => {
    const label = several ? `${options.names ? record.name : record.id.slice(0, 12)} ` : "";
    const color = options.color ? colors[index % colors.length] : undefined;
    return readLogs(engine, record, { ...window, show: lineWriter({ label, color, times: options.timestamps }) });
  });
  await Promise.all(reading);
}

interface LineStyle {
  readonly label: string;
  readonly color: number | undefined;
  readonly times: boolean;
}

/** Writes lines to the stream that they came from, byte for byte; decoration stands only where a line of the program begins. */
function lineWriter({ label, color, times }: LineStyle): (lines: readonly LogLine[]) => Promise<void> {
  const open = new Set<LogLine["stream"]>();
  const before = color === undefined ? "" : `\u001b[${color}m`;
  const after = color === undefined ? "" : "\u001b[0m";
  const format = ({ stream, time, partial, text }: LogLine): Uint8Array[] => {
    const head = open.has(stream) ? "" : `${before}${label}${times ? `${time} ` : ""}`;
    if (partial) open.add(stream);
    else open.delete(stream);
    return [Buffer.from(head), text, Buffer.from(partial ? after : `${after}\n`)];
  };
  return async (lines) => {
    for (let start = 0, end = 0; start < lines.length; start = end) {
      const stream = lines[start]?.stream;
      while (lines[end]?.stream === stream && end < lines.length) end++;
      const bytes = Buffer.concat(lines.slice(start, end).flatMap(format));
      await writeWithoutBlocking(stream === "stdout" ? 1 : 2, bytes);
    }
  };
}
