import { type BytePath, showPath } from "./byte-path.ts";

/** Counts entries that could not be unpacked as they are, for one warning about all of them. */
export interface Tally {
  count(path: BytePath): void;
  /** One sentence, or nothing if nothing was counted. */
  warnings(): string[];
}

/** @param describe Makes the warning from the number of entries and the shown path of the first. */
export function createTally(describe: (count: number, first: string) => string): Tally {
  let total = 0;
  let first = "";
  return {
    count(path) {
      if (total++ === 0) first = path;
    },
    warnings: () => (total === 0 ? [] : [describe(total, showPath(first))]),
  };
}
