import { defineCommand } from "../../cli/command.ts";
import { writeWithoutBlocking } from "../../cli/output.ts";
import { type LogLine, readLogs } from "../../container/logs.ts";
import { DhowError } from "../../errors.ts";
import { parsePointInTime, parseUntil } from "../../model/point-in-time.ts";
import { findTargets, targetOptions } from "./targets.ts";

const colors = [37, 31, 33, 34, 35, 36, 32];

export const logs = defineCommand({
  usage: "[options] CONTAINER [CONTAINER...]",
  summary: "Fetch the logs of one or more containers",
  description: "Retrieves logs for one or more containers.",
  examples: ["dhow logs ctrID", "dhow logs --tail 2 mywebserver", "dhow logs --follow=true --since 10m ctrID"],
  options: {
    ...targetOptions,
    color: { type: "boolean", describe: "Output the containers with different colors in the log" },
    follow: { type: "boolean", short: "f", describe: "Follow log output" },
    names: { type: "boolean", short: "n", describe: "Output the container name in the log" },
    since: { type: "string", describe: "Show logs since TIMESTAMP" },
    tail: { type: "number", default: -1, describe: "Output the specified number of LINES at the end of the logs" },
    timestamps: { type: "boolean", short: "t", describe: "Output the timestamps in the log" },
    until: { type: "string", describe: "Show logs until TIMESTAMP" },
  },
  operands: { complete: "containers" },
  async run({ options, operands }, { engine }) {
    if (operands.length === 0 && !options.latest) {
      throw new DhowError("specify at least one container name or ID to log", { kind: "invalid-argument" });
    }
    const { targets, failures } = await findTargets(engine, { ...options, operands });
    if (failures.length > 0) throw failures[0];
    const window = {
      follow: options.follow,
      tail: options.tail < 0 ? undefined : options.tail,
      sinceMs: options.since === undefined ? undefined : parsePointInTime(options.since).getTime(),
      untilMs: options.until === undefined ? undefined : parseUntil(options.until).getTime(),
    };
    const several = targets.length > 1;
    const reading = targets.map(({ record }, index) => {
      const label = several ? `${options.names ? record.name : record.id.slice(0, 12)} ` : "";
      const color = options.color ? colors[index % colors.length] : undefined;
      return readLogs(engine, record, { ...window, show: lineWriter({ label, color, times: options.timestamps }) });
    });
    await Promise.all(reading);
  },
});

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
