import { mkdirSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Engine } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import { openArchive, stdinArchive } from "../../image/archive/open-files.ts";
import { newTemporaryPath, removeTree } from "../../storage/temporary.ts";
import type { ContextTree, DockerfileText } from "../request.ts";
import { readDockerfiles } from "./dockerfile-text.ts";
import { fetchGit, folderIn } from "./fetch-git.ts";
import { parseGitSource } from "./git-source.ts";
import { type IgnoreRules, noRules } from "./ignore.ts";
import { findIgnoreRules } from "./ignore-file.ts";
import { readInput, unpackContext } from "./unpack-context.ts";

export interface InputOptions {
  /** A directory, an archive, `-` for stdin, or the address of a git repository, an archive or a Dockerfile. */
  readonly source: string | undefined;
  /** Of --file: paths, addresses, `-`. */
  readonly files: readonly string[];
  readonly ignoreFile: string | undefined;
  readonly cppFlags: readonly string[];
  readonly signal: AbortSignal;
}

/** A directory that COPY and ADD take from, with what its ignore file says. */
export interface OpenContext extends ContextTree {
  readonly hasExceptions: boolean;
  /** The pattern that left a path out; undefined if it is not left out. */
  ignoredBy(path: string): string | undefined;
}

/** What a build is made from. Disposing of it removes what was unpacked or fetched. */
export interface BuildInput extends Disposable {
  readonly dockerfile: DockerfileText;
  readonly context: OpenContext | undefined;
}

/** Where the context lies, before anything is known of its Dockerfile. */
export interface ContextPlace {
  readonly directory: string | undefined;
  /** How messages call it. */
  readonly name: string;
  /** It is the user's own directory: --file counts from the working directory. */
  readonly isLocal: boolean;
  /** A Dockerfile came in its place. */
  readonly text: string | undefined;
}

/**
 * Opens what a build is made from: the context, its Dockerfile and its ignore file.
 * @throws {DhowError} `not-found` for what is not there; `invalid-argument`, `corrupt`, `unavailable` for what cannot be used.
 */
export async function openInput(engine: Pick<Engine, "paths">, options: InputOptions): Promise<BuildInput> {
  const folder = newTemporaryPath(engine.paths.data);
  const dispose = () => removeTree(folder);
  try {
    const place = await openPlace(options, folder);
    const dockerfile = await readDockerfiles(place, options);
    const rules =
      place.directory === undefined ? noRules : findIgnoreRules(place.directory, dockerfile.paths, options.ignoreFile);
    return {
      dockerfile: { text: dockerfile.text, name: dockerfile.name },
      context: place.directory === undefined ? undefined : contextOf(place.directory, rules),
      [Symbol.dispose]: dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

/**
 * Opens a further context (--build-context NAME=SOURCE): a directory, an archive or an address.
 * @throws {DhowError} as `openInput`.
 */
export async function openNamedContext(
  engine: Pick<Engine, "paths">,
  source: string,
  signal: AbortSignal,
): Promise<{ readonly tree: OpenContext } & Disposable> {
  const folder = newTemporaryPath(engine.paths.data);
  const dispose = () => removeTree(folder);
  try {
    const { directory } = await openSource(source, folder, signal);
    if (directory === undefined) {
      throw new DhowError(`build context ${source} is not a directory or an archive`, { kind: "invalid-argument" });
    }
    return { tree: contextOf(directory, findIgnoreRules(directory, [], undefined)), [Symbol.dispose]: dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

function contextOf(directory: string, rules: IgnoreRules): OpenContext {
  return { directory, ...rules };
}

async function openPlace({ source, files, signal }: InputOptions, folder: string): Promise<ContextPlace> {
  if (source !== undefined) return openSource(source, folder, signal);
  const [first] = files;
  if (first === undefined) return openSource(".", folder, signal);
  // Podman: the folder of the first file. What comes from elsewhere brings no files along.
  if (first === "-" || first === "/dev/stdin" || /^https?:\/\//i.test(first)) {
    return { directory: undefined, name: first, isLocal: false, text: undefined };
  }
  return openSource(dirname(first), folder, signal);
}

async function openSource(source: string, folder: string, signal: AbortSignal): Promise<ContextPlace> {
  if (source === "-") return fromStream(stdinArchive(), { source: "stdin", folder });
  const git = parseGitSource(source, true);
  if (git !== undefined && !(source.startsWith("github.com/") && isDirectory(source))) {
    const { directory } = await fetchGit(git, folder, { keepsGitDirectory: false, signal });
    return { directory, name: source, isLocal: false, text: undefined };
  }
  if (/^https?:\/\//i.test(source)) return fromWeb(source, folder);
  return openLocal(source, folder);
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

async function openLocal(source: string, folder: string): Promise<ContextPlace> {
  const stats = statSync(source, { throwIfNoEntry: false });
  if (stats === undefined) {
    throw new DhowError(`no such directory: ${source}`, {
      kind: "not-found",
      hint: "the build context is a directory, an archive, a git repository or the address of one",
    });
  }
  if (stats.isDirectory()) return { directory: realpathSync(source), name: source, isLocal: true, text: undefined };
  const place = await fromStream(openArchive(source), { source, folder });
  if (place.text === undefined) return place;
  throw new DhowError(`context must be a directory: ${JSON.stringify(source)}`, {
    kind: "invalid-argument",
    hint: `to build from a Dockerfile, name it with --file: --file ${source} ${dirname(source)}`,
  });
}

async function fromWeb(address: string, folder: string): Promise<ContextPlace> {
  const { openWebFile } = await import("../../registry/open-url.ts");
  await using file = await openWebFile(address, { retries: 3, delayMs: 1000 });
  return fromStream(file.chunks, { source: address, folder });
}

interface Destination {
  readonly source: string;
  readonly folder: string;
}

/** An archive becomes the context; a Dockerfile stands alone. */
async function fromStream(stream: AsyncIterable<Buffer>, { source, folder }: Destination): Promise<ContextPlace> {
  const input = await readInput(stream);
  if (input.kind === "text") return { directory: undefined, name: source, isLocal: false, text: input.text };
  const directory = join(folder, "context");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await unpackContext(input.chunks, directory);
  return { directory: folderIn(directory, ""), name: basename(source), isLocal: false, text: undefined };
}
