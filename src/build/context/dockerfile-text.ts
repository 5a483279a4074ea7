import { readFileSync, realpathSync, statSync } from "node:fs";
import { isAbsolute, join, normalize } from "node:path";
import { DhowError } from "../../errors.ts";
import { stdinArchive } from "../../image/archive/open-files.ts";
import { runProgramAsync } from "../../system/process.ts";
import type { ContextPlace, InputOptions } from "./open-input.ts";
import { readText } from "./unpack-context.ts";

export interface DockerfileTexts {
  readonly text: string;
  /** How messages call it. */
  readonly name: string;
  /** Of those that are files. */
  readonly paths: readonly string[];
}

interface Part {
  readonly text: string;
  readonly name: string;
  readonly path: string | undefined;
}

/**
 * Reads the Dockerfile, or several of them one after the other.
 * @throws {DhowError} `not-found`; `invalid-argument` for a directory.
 */
export async function readDockerfiles(place: ContextPlace, options: InputOptions): Promise<DockerfileTexts> {
  const parts: Part[] = [];
  for (const file of options.files) parts.push(await readOne(place, file, options));
  if (parts.length === 0) parts.push(place.text === undefined ? findUsual(place, options) : ownText(place, place.text));
  const parsed = await Promise.all(parts.map((part) => preprocess(part, options.cppFlags)));
  return {
    text: parsed.map((text) => (text.endsWith("\n") ? text : `${text}\n`)).join(""),
    name: parts.map(({ name }) => name).join(", "),
    paths: parts.flatMap(({ path }) => path ?? []),
  };
}

function ownText({ name }: ContextPlace, text: string): Part {
  return { text, name: name === "stdin" ? "Dockerfile" : name, path: undefined };
}

async function readOne(place: ContextPlace, file: string, options: InputOptions): Promise<Part> {
  if (file === "-" || file === "/dev/stdin") {
    if (options.source === "-") {
      throw new DhowError("stdin cannot be both the build context and the Dockerfile", { kind: "invalid-argument" });
    }
    return { text: await readText(stdinArchive()), name: "Dockerfile", path: undefined };
  }
  if (/^https?:\/\//i.test(file)) return { text: await download(file), name: file, path: undefined };
  const path = candidates(place, file).find(exists);
  if (path === undefined) {
    const shown = candidates(place, file).at(-1) ?? file;
    throw new DhowError(
      `the specified Containerfile or Dockerfile does not exist, ${shown}: no such file or directory`,
      {
        kind: "not-found",
      },
    );
  }
  return readPart(place, path, file);
}

/** Podman: from the working directory, else from the context; files of a context that came from elsewhere are within it. */
function candidates({ directory, isLocal }: ContextPlace, file: string): string[] {
  const within = directory === undefined || isAbsolute(file) ? [] : [join(directory, file)];
  return isLocal || directory === undefined || isAbsolute(file) ? [file, ...within] : within;
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function findUsual(place: ContextPlace, { source }: InputOptions): Part {
  const { directory, name, isLocal } = place;
  const found = ["Containerfile", "Dockerfile"].find((one) => directory !== undefined && exists(join(directory, one)));
  if (found === undefined || directory === undefined) {
    const where = isLocal ? (source ?? directory) : name;
    throw new DhowError(
      `no Containerfile or Dockerfile specified or found in context directory, ${where}: no such file or directory`,
      { kind: "not-found" },
    );
  }
  return readPart(place, join(directory, found), isLocal ? normalize(join(source ?? ".", found)) : found);
}

function readPart({ directory, isLocal }: ContextPlace, path: string, name: string): Part {
  if (statSync(path).isDirectory()) {
    throw new DhowError(`containerfile: ${JSON.stringify(name)} cannot be path to a directory`, {
      kind: "invalid-argument",
    });
  }
  // A link in somebody else's archive may not show what is on this machine.
  if (!isLocal && directory !== undefined && path.startsWith(`${directory}/`)) {
    if (!realpathSync(path).startsWith(`${directory}/`)) {
      throw new DhowError(`${name} leads out of the build context`, { kind: "invalid-argument" });
    }
  }
  try {
    return { text: readFileSync(path, "utf8"), name, path };
  } catch (cause) {
    throw new DhowError(`cannot read ${name}`, { kind: "permission-denied", cause });
  }
}

async function download(address: string): Promise<string> {
  const { openWebFile } = await import("../../registry/open-url.ts");
  await using file = await openWebFile(address, { retries: 3, delayMs: 1000 });
  return readText(file.chunks);
}

/** Files whose names end with `.in` go through the C preprocessor first, as in podman. */
async function preprocess({ text, name, path }: Part, flags: readonly string[]): Promise<string> {
  if (!name.endsWith(".in") || path === undefined) return text;
  const folder = path.slice(0, path.lastIndexOf("/") + 1) || ".";
  return runProgramAsync(["cpp", "-E", "-iquote", folder, "-traditional", "-undef", ...flags, "-"], { input: text });
}
