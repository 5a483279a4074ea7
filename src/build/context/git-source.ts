import { DhowError } from "../../errors.ts";

/** A place in a git repository. */
export interface GitSource {
  readonly remote: string;
  /** A branch, a tag or a commit; undefined for what HEAD of the remote is. */
  readonly ref: string | undefined;
  /** The commit must begin with it. */
  readonly checksum: string | undefined;
  /** A folder of the repository; empty for all of it. */
  readonly subdirectory: string;
  readonly keepsGitDirectory: boolean | undefined;
  readonly withSubmodules: boolean;
}

/** Addresses as `https://HOST/REPO.git#REF:FOLDER`, `git@HOST:REPO.git`, `ssh://`, `git://`; the query may say `ref`, `subdir` and more. */
const forms = /^(?:https?:\/\/[^#?]+\.git(?:[#?]|$)|git:\/\/|ssh:\/\/|git@[\w.-]+:)/;

/**
 * Reads the address of a git repository; undefined if it is something else.
 * @param mayLackScheme Whether `github.com/OWNER/REPO` counts, which could be a path.
 * @throws {DhowError} `invalid-argument` for a query that git sources do not have.
 */
export function parseGitSource(address: string, mayLackScheme = false): GitSource | undefined {
  const full = mayLackScheme && address.startsWith("github.com/") ? `https://${address}` : address;
  if (full === address && !forms.test(address)) return undefined;
  const [, place = "", queryText = "", fragment = ""] = /^([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(full) ?? [];
  const [ref = "", subdirectory = ""] = fragment.split(/:(.*)/s);
  return { remote: place, ...readQuery(new URLSearchParams(queryText), { ref, subdirectory }) };
}

type Where = { readonly ref: string; readonly subdirectory: string };

function readQuery(query: URLSearchParams, { ref, subdirectory }: Where): Omit<GitSource, "remote"> {
  const known = ["ref", "tag", "branch", "subdir", "checksum", "commit", "keep-git-dir", "submodules"];
  const unknown = [...query.keys()].find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw invalid(`unexpected query ${JSON.stringify(unknown)} in the address of a git repository`);
  const tag = query.get("tag");
  const branch = query.get("branch");
  const named = query.get("ref") || (tag && `refs/tags/${tag}`) || (branch && `refs/heads/${branch}`) || "";
  const folder = query.get("subdir") ?? "";
  if (ref !== "" && named !== "" && ref !== named) throw invalid(`two refs in one address: ${ref} and ${named}`);
  if (subdirectory !== "" && folder !== "" && subdirectory !== folder) {
    throw invalid(`two folders in one address: ${subdirectory} and ${folder}`);
  }
  return {
    ref: checkedRef(ref || named),
    checksum: query.get("checksum") ?? query.get("commit") ?? undefined,
    subdirectory: subdirectory || folder,
    keepsGitDirectory: query.has("keep-git-dir") ? isYes(query.get("keep-git-dir")) : undefined,
    withSubmodules: query.has("submodules") ? isYes(query.get("submodules")) : true,
  };
}

/** A ref that git could take for an option is none. */
function checkedRef(ref: string): string | undefined {
  if (ref.startsWith("-")) throw invalid(`invalid git ref ${JSON.stringify(ref)}`);
  return ref || undefined;
}

function isYes(value: string | null): boolean {
  return ["", "1", "true", "t"].includes((value ?? "").toLowerCase());
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
