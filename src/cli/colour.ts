// biome-ignore lint/style/noRestrictedImports: this file is the door, for the few commands whose output has colours
import { Chalk, type ChalkInstance } from "chalk";
import { getVariable } from "../system/environment.ts";

export type Colours = ChalkInstance;

/** Colours for text on stdout: none where it is not a terminal, on a dumb one, or with NO_COLOR. */
export function openColours(isTerminal: boolean): ChalkInstance {
  const isPlain = !isTerminal || getVariable("NO_COLOR") !== undefined || getVariable("TERM") === "dumb";
  return new Chalk({ level: isPlain ? 0 : 1 });
}
