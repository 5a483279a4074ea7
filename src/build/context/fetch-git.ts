import { realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { DhowError } from "../../errors.ts";
import { removeTree } from "../../storage/temporary.ts";
import { childEnvironment } from "../../system/environment.ts";
import { findProgram, runProgramAsync } from "../../system/process.ts";
import type { GitSource } from "./git-source.ts";

export interface FetchGitOptions {
  /** Whether `.git` stays, where the address does not say so itself. */
  readonly keepsGitDirectory: boolean;
  readonly signal?: AbortSignal;
}

export interface FetchedRepository {
  /** The folder that was asked for, within the directory. */
  readonly directory: string;
  readonly commit: string;
}

/**
 * Fetches a repository into a directory that does not exist yet, without history unless the server gives nothing less.
 * @throws {DhowError} `unsupported` without git; `unavailable` with what git says; `not-found` for a folder that is not there.
 */
export async function fetchGit(
  source: GitSource,
  directory: string,
  { keepsGitDirectory, signal }: FetchGitOptions,
): Promise<FetchedRepository> {
  if (findProgram("git") === undefined) {
    throw new DhowError("cannot fetch a git repository: there is no git", {
      kind: "unsupported",
      hint: "install the package git",
    });
  }
  const git = (...words: string[]) => runGit([directory, ...words], signal);
  await runGit(["", "init", "--quiet", "--", directory], signal);
  await git("remote", "add", "origin", source.remote);
  await fetchRef(git, source.ref ?? "HEAD");
  await git("checkout", "--quiet", "--force", "--detach", "FETCH_HEAD");
  const commit = (await git("rev-parse", "HEAD")).trim();
  checkCommit(source, commit);
  if (source.withSubmodules) await git("submodule", "--quiet", "update", "--init", "--recursive", "--depth=1");
  if (!(source.keepsGitDirectory ?? keepsGitDirectory)) removeTree(join(directory, ".git"));
  return { directory: folderIn(directory, source.subdirectory), commit };
}

async function fetchRef(git: (...words: string[]) => Promise<string>, ref: string): Promise<void> {
  try {
    await git("fetch", "--quiet", "--depth=1", "origin", ref);
  } catch (error) {
    if (!(error instanceof DhowError)) throw error;
    // Part of a commit's id, or a server that gives no single commit: with the whole history git finds it.
    await git("fetch", "--quiet", "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*");
    const found = await git("rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`).catch(() => {
      throw error;
    });
    await git("update-ref", "FETCH_HEAD", found.trim());
  }
}

function runGit(
  [directory, ...words]: readonly [string, ...string[]],
  signal: AbortSignal | undefined,
): Promise<string> {
  const place = directory === "" ? [] : ["-C", directory];
  // Nobody is there to answer a question.
  const env = { ...childEnvironment(), GIT_TERMINAL_PROMPT: "0" };
  return runProgramAsync(["git", ...place, "-c", "advice.detachedHead=false", ...words], {
    env,
    ...(signal === undefined ? {} : { signal }),
  });
}

function checkCommit({ remote, checksum }: GitSource, commit: string): void {
  if (checksum === undefined || commit.startsWith(checksum.toLowerCase())) return;
  throw new DhowError(`${remote} is at commit ${commit} instead of ${checksum}`, { kind: "corrupt" });
}

/** A folder below another, also when links lie between. @throws {DhowError} `not-found`; `invalid-argument` if it is elsewhere. */
export function folderIn(directory: string, subdirectory: string): string {
  const path = join(directory, subdirectory);
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new DhowError(`there is no directory ${subdirectory} in the build context`, { kind: "not-found" });
  }
  const real = realpathSync(path);
  const root = realpathSync(directory);
  if (real === root || real.startsWith(`${root}/`)) return real;
  throw new DhowError(`${subdirectory} leads out of the build context`, { kind: "invalid-argument" });
}
