import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { DhowError } from "../../errors.ts";
import { tryRun } from "../../system/process.ts";

/** A running or future aardvark-dns. */
export interface ServerPlace {
  readonly program: string;
  /** File of the namespace that it works in. */
  readonly netns: string;
  /** Its configuration: a file for each network, and its pid. */
  readonly folder: string;
}

export type ServerFiles = Readonly<Record<string, string>>;

/** @returns Whether anything is different now. */
export function writeServerFiles(folder: string, files: ServerFiles): boolean {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  let isChanged = false;
  for (const [name, text] of Object.entries(files)) {
    if (readText(`${folder}/${name}`) === text) continue;
    // Made beside the folder, since the server reads whatever lies in it.
    writeFileSync(`${folder}.new`, text, { mode: 0o600 });
    renameSync(`${folder}.new`, `${folder}/${name}`);
    isChanged = true;
  }
  for (const name of readdirSync(folder)) {
    if (name in files || name === "aardvark.pid") continue;
    rmSync(`${folder}/${name}`, { force: true, recursive: true });
    isChanged = true;
  }
  return isChanged;
}

/** It goes to the background. @throws {DhowError} `unavailable`. */
export function startServer({ program, netns, folder }: ServerPlace, port: number): void {
  rmSync(`${folder}/aardvark.pid`, { force: true });
  const { exitCode, stderr } = tryRun([
    ...(["nsenter", `--net=${netns}`, program] as const),
    ...["--config", folder, "-p", String(port), "run"],
  ]);
  if (exitCode === 0) return;
  throw new DhowError(`cannot start the resolver of the networks: aardvark-dns: ${stderr.trim()}`, {
    kind: "unavailable",
  });
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
