import type { Readable } from "node:stream";

/** `data` is a pid or an exit code; negative when something failed, which `message` tells. */
export interface Report {
  readonly data?: number;
  readonly message?: string;
}

/** Reads the JSON objects, one a line, that conmon writes to its pipes. */
export interface JsonLines {
  /** @returns Undefined when the pipe has ended. */
  next(): Promise<Report | undefined>;
}

export function jsonLines(pipe: Readable): JsonLines {
  const reports: Report[] = [];
  const waiting: ((report: Report | undefined) => void)[] = [];
  let text = "";
  let ended = false;
  const deliver = () => {
    while (waiting.length > 0 && (reports.length > 0 || ended)) waiting.shift()?.(reports.shift());
  };
  pipe.setEncoding("utf8");
  pipe.on("data", (chunk: string) => {
    const lines = (text + chunk).split("\n");
    text = lines.pop() ?? "";
    reports.push(...lines.map((line) => JSON.parse(line) as Report));
    deliver();
  });
  pipe.once("close", () => {
    ended = true;
    deliver();
  });
  pipe.once("error", () => pipe.destroy());
  return {
    next() {
      return new Promise((resolve) => {
        waiting.push(resolve);
        deliver();
      });
    },
  };
}
