import { findProgram } from "../system/process.ts";
import { networkFiles } from "./helper-files.ts";
import { pastaCommand, pastaNetwork } from "./pasta.ts";
import { pastaLacksRoute, requireHelper } from "./require-helper.ts";
import { planSlirp } from "./slirp4netns.ts";

export interface Uplink {
  readonly name: "pasta" | "slirp4netns";
  /** Connects the namespace whose files are in the folder, and goes to the background. */
  readonly command: readonly [string, ...string[]];
  /** Where the host's resolver answers inside of the namespace. */
  readonly resolver: string;
}

/** How the namespace of the bridges reaches the world. @throws {DhowError} `unavailable`. */
export function chooseUplink(directory: string): Uplink {
  const { netns, pidFile } = networkFiles(directory);
  if (uplinkName() === "slirp4netns") {
    const program = requireHelper("slirp4netns", { ports: [] });
    const config = { options: [], ports: [] };
    const { command, network } = planSlirp({ program, runDirectory: directory, config });
    return { name: "slirp4netns", command, resolver: network.resolver };
  }
  const program = requireHelper("pasta", { ports: [] });
  const command = pastaCommand({ program, netns, pidFile, config: { options: [], ports: [] } });
  return { name: "pasta", command, resolver: pastaNetwork.resolver };
}

export function uplinkName(): Uplink["name"] {
  const isPasta = findProgram("pasta") !== undefined && !pastaLacksRoute();
  return isPasta || findProgram("slirp4netns") === undefined ? "pasta" : "slirp4netns";
}

/** Where the host's resolver answers in networks with that way out. */
export function uplinkResolver(): string {
  return uplinkName() === "pasta" ? pastaNetwork.resolver : "10.0.2.3";
}
