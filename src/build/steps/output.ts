import { StringDecoder } from "node:string_decoder";
import type { StepInfo } from "../progress.ts";
import type { BuildSession } from "../session.ts";

const keptLines = 20;
/** A line that never ends is cut. */
const longestLine = 64 << 10;

/** Tells the lines that a step writes, and keeps the last of them. */
export interface StepOutput {
  write(stream: "stdout" | "stderr", chunk: Buffer): void;
  /** Tells what is left without an end of line. */
  end(): void;
  readonly last: readonly string[];
}

export function openOutput({ emit }: Pick<BuildSession, "emit">, step: StepInfo): StepOutput {
  const last: string[] = [];
  const streams = { stdout: openStream(), stderr: openStream() };
  const tell = (stream: "stdout" | "stderr", line: string) => {
    last.push(line);
    if (last.length > keptLines) last.shift();
    emit({ type: "output", step, stream, line });
  };
  return {
    last,
    write(stream, chunk) {
      const state = streams[stream];
      const parts = (state.rest + state.decoder.write(chunk)).split(/\r?\n|\r(?!$)/);
      state.rest = parts.pop() ?? "";
      for (const line of parts) tell(stream, line);
      if (state.rest.length <= longestLine) return;
      tell(stream, state.rest);
      state.rest = "";
    },
    end() {
      for (const stream of ["stdout", "stderr"] as const) {
        const { rest, decoder } = streams[stream];
        const line = (rest + decoder.end()).replace(/\r$/, "");
        if (line !== "") tell(stream, line);
      }
    },
  };
}

function openStream() {
  return { rest: "", decoder: new StringDecoder("utf8") };
}
