import type { Readable } from "node:stream";

/** The lines of a pipe one by one, undefined at its end. */
export function splitLines(pipe: Readable): { next(): Promise<string | undefined> } {
  let text = "";
  let isOver = false;
  let answer: (() => void) | undefined;
  const over = () => {
    isOver = true;
    answer?.();
  };
  pipe.setEncoding("utf8");
  pipe.on("data", (chunk: string) => {
    text += chunk;
    answer?.();
  });
  pipe.once("close", over);
  pipe.once("error", over);
  return {
    next() {
      return new Promise((resolve) => {
        answer = () => {
          const end = text.indexOf("\n");
          if (end < 0 && !isOver) return;
          answer = undefined;
          const line = end < 0 ? undefined : text.slice(0, end);
          text = text.slice(end + 1);
          resolve(line);
        };
        answer();
      });
    },
  };
}
