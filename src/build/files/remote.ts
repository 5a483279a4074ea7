import { chmodSync, closeSync, lstatSync, openSync, utimesSync, writeSync } from "node:fs";
import { posix } from "node:path";
import { DhowError } from "../../errors.ts";
import { newTemporaryPath, removeTree } from "../../storage/temporary.ts";
import { fromSystemPath } from "../../storage/unpack/byte-path.ts";
import { fetchGit } from "../context/fetch-git.ts";
import { type GitSource, parseGitSource } from "../context/git-source.ts";
import type { AddInstruction } from "../dockerfile/ast.ts";
import type { BuildSession } from "../session.ts";
import { once } from "../session.ts";
import type { StepContext } from "../steps/step-context.ts";
import { type SourceItem, selectSources, wholeTree } from "./select.ts";

/**
 * What ADD fetches from the web; undefined if the source is a path.
 * @throws {DhowError} `invalid-argument` if the content is not what --checksum says; as `openWebFile`.
 */
export async function remoteItem(
  { session, step }: StepContext,
  source: string,
  { checksum, keepGitDir = false }: AddInstruction,
): Promise<SourceItem | undefined> {
  const repository = parseGitSource(source);
  if (repository)
    return fetchRepository(session, { ...repository, checksum: checksum ?? repository.checksum }, keepGitDir);
  if (!/^https?:\/\//i.test(source)) return undefined;
  const { path, digest } = await once(session, `web:${source}`, () => download(session, step, source));
  if (checksum !== undefined && checksum.toLowerCase() !== digest) {
    throw new DhowError(`unexpected response digest for ${JSON.stringify(source)}: ${digest}, want ${checksum}`, {
      kind: "invalid-argument",
    });
  }
  const name = posix.basename(decodeURIComponent(new URL(source).pathname));
  const entry = { target: fromSystemPath(name || "index"), path: fromSystemPath(path), stats: lstatSync(path) };
  return { source: name, isDirectory: false, entries: [entry] };
}

/** The files of a commit. */
async function fetchRepository(session: BuildSession, source: GitSource, keepGitDir: boolean): Promise<SourceItem> {
  const fetched = await once(session, `git:${JSON.stringify(source)}:${keepGitDir}`, async () => {
    const folder = newTemporaryPath(session.engine.paths.data);
    session.cleanups.defer(() => removeTree(folder));
    return fetchGit(source, folder, { keepsGitDirectory: keepGitDir, signal: session.signal });
  });
  const [item] = selectSources(wholeTree(fetched.directory), ["/"], { excludes: () => false, keepsParents: false });
  return item as SourceItem;
}

async function download(session: BuildSession, step: StepContext["step"], source: string) {
  const { engine, request, emit } = session;
  const [{ openWebFile }, { createHash }] = await Promise.all([
    import("../../registry/open-url.ts"),
    import("node:crypto"),
  ]);
  const path = newTemporaryPath(engine.paths.data);
  session.cleanups.defer(() => removeTree(path));
  const hash = createHash("sha256");
  const file = openSync(path, "wx", 0o600);
  let bytes = 0;
  try {
    await using web = await openWebFile(source, request.base.registry.retry);
    for await (const chunk of web.chunks) {
      session.signal.throwIfAborted();
      hash.update(chunk);
      for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at);
      bytes += chunk.length;
      emit({ type: "transfer", step, what: source, bytes, totalBytes: undefined });
    }
  } finally {
    closeSync(file);
  }
  chmodSync(path, 0o600);
  // The time of the download would make a new layer of the same content each time.
  utimesSync(path, 0, 0);
  return { path, digest: `sha256:${hash.digest("hex")}` };
}
