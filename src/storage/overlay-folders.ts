import { chmodSync, chownSync, existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, relative } from "node:path";
import { DhowError } from "../errors.ts";
import type { PackSource } from "./pack/pack-tree.ts";
import type { RootfsRequest } from "./rootfs.ts";
import { removeTree } from "./temporary.ts";

export interface OverlayFolders {
  readonly cwd: string;
  /** `lowerdir=...` and, unless it is read-only, `upperdir=...` and `workdir=...`: paths relative to `cwd`. */
  readonly options: readonly string[];
}

/** Makes the folders that both overlay drivers need, and names them in their options. */
export function prepareOverlayFolders(request: RootfsRequest): OverlayFolders {
  const { containerDirectory, target } = request;
  mkdirSync(target, { recursive: true, mode: 0o700 });
  const [top] = request.layers;
  const cwd = top === undefined ? containerDirectory : dirname(dirname(top));
  const shorten = (path: string) => checkOption(relative(cwd, path) || ".");
  const lower = `lowerdir=${lowerFolders(request).map(shorten).join(":")}`;
  if (request.readOnly) return { cwd, options: [lower] };

  const [upper, work] = [`${containerDirectory}/diff`, `${containerDirectory}/work`];
  makeUpper(upper, top);
  // A volatile mount that ended with its machine leaves a mark that forbids the next one.
  if (existsSync(`${work}/work/incompat`)) removeTree(work);
  mkdirSync(work, { recursive: true, mode: 0o700 });
  return { cwd, options: [lower, `upperdir=${shorten(upper)}`, `workdir=${shorten(work)}`] };
}

/** What an overlay has collected for a container. */
export function changesInUpper(
  { layers, containerDirectory }: Pick<RootfsRequest, "layers" | "containerDirectory">,
  { usesWhiteoutFiles }: { readonly usesWhiteoutFiles: boolean },
): PackSource {
  const directory = `${containerDirectory}/diff`;
  if (!existsSync(directory)) return { kind: "nothing" };
  return { kind: "upper", directory, lowerDirectories: layers, usesWhiteoutFiles };
}

/** overlayfs wants one lower folder below an upper one, and two without. */
function lowerFolders({ layers, containerDirectory, readOnly }: RootfsRequest): readonly string[] {
  if (layers.length >= (readOnly ? 2 : 1)) return layers;
  const empty = [`${containerDirectory}/empty`, `${containerDirectory}/empty-too`].slice(
    layers.length,
    readOnly ? 2 : 1,
  );
  for (const folder of empty) mkdirSync(folder, { recursive: true, mode: 0o755 });
  return [...layers, ...empty];
}

/** The upper folder's attributes are those of the container's root directory: they come from the image. */
function makeUpper(upper: string, topLayer: string | undefined): void {
  if (existsSync(upper)) return;
  mkdirSync(upper, { recursive: true, mode: 0o700 });
  const { uid, gid, mode } = topLayer === undefined ? { uid: 0, gid: 0, mode: 0o755 } : statSync(topLayer);
  if (topLayer !== undefined) chownSync(upper, uid, gid);
  chmodSync(upper, mode & 0o7777);
}

function checkOption(path: string): string {
  if (!/[,:\\"\n]/.test(path)) return path;
  throw new DhowError(`overlay cannot use ${JSON.stringify(path)}: the path holds one of , : \\ "`, {
    kind: "invalid-argument",
    hint: "choose another --root",
  });
}
