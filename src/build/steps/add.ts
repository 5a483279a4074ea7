import { closeSync, openSync } from "node:fs";
import { resolveInRoot } from "../../container/spec/rootfs-path.ts";
import { DhowError } from "../../errors.ts";
import { openCopier } from "../../storage/copy/open-copier.ts";
import { decompress } from "../../storage/unpack/decompress.ts";
import type { AddInstruction } from "../dockerfile/ast.ts";
import { chunksOf, isArchive } from "../files/archive.ts";
import { digestItems } from "../files/digest.ts";
import { inlineItems } from "../files/inline.ts";
import { parseMode } from "../files/modes.ts";
import { makeFolders, putItems } from "../files/put.ts";
import { remoteItem } from "../files/remote.ts";
import { type SourceItem, selectSources } from "../files/select.ts";
import { keyOf } from "../keys.ts";
import { absolute, type CopyFacts, checkDestination, resolveOwner, summary } from "./copy.ts";
import type { ImageState } from "./image-state.ts";
import { layersBelow, withWritableMount } from "./mounted-state.ts";
import { openSourceTree } from "./source-trees.ts";
import { changesIn, type SolvedLayer, type StepContext, solveLayer, timeKey, withLayer } from "./step-context.ts";

/** Something that ADD adds, and whether it is unpacked. */
interface AddedItem {
  readonly item: SourceItem;
  readonly isUnpacked: boolean;
}

/** Solves ADD. Its words are expanded. */
export async function solveAdd(
  context: StepContext,
  state: ImageState,
  { instruction, from, excludes }: CopyFacts & { readonly instruction: AddInstruction },
): Promise<{ readonly state: ImageState; readonly solved: SolvedLayer }> {
  const { session } = context;
  const { destination, chown, chmod, link } = instruction;
  const added = await findAdded(context, { instruction, from, excludes });
  const items = added.map(({ item }) => item);
  checkDestination(items, destination);
  const content = await digestItems(items, false);
  const target = absolute(state, destination);
  const key = keyOf("add", {
    ...{ below: link ? null : (state.chainId ?? ""), content, target, chown, chmod, times: timeKey(session) },
    unpacked: added.map(({ isUnpacked }) => isUnpacked),
  });
  const solved = await solveLayer(context, {
    key,
    description: `/bin/sh -c #(nop) ADD${link ? " --link" : ""} ${summary(items, content)} in ${destination} `,
    parent: state.chainId,
    make: (folder) => addInto(context, { state, folder, isIndependent: link }, { instruction, target, added }),
  });
  return { state: withLayer(state, solved, key), solved };
}

async function findAdded(
  context: StepContext,
  { instruction, from, excludes }: CopyFacts & { readonly instruction: AddInstruction },
): Promise<AddedItem[]> {
  const { session } = context;
  const { sources, inlineFiles, unpack, checksum } = instruction;
  const added: AddedItem[] = [];
  for (const source of sources) {
    const remote = await remoteItem(context, source, instruction);
    if (remote) {
      added.push({ item: remote, isUnpacked: unpack === true && (await isArchiveItem(remote)) });
      continue;
    }
    if (checksum !== undefined) {
      throw new DhowError("checksum can't be specified for files of the build context", { kind: "invalid-argument" });
    }
    const { tree } = await openSourceTree(session, from, context);
    const items = selectSources(tree, [source], { excludes, keepsParents: false });
    for (const item of items) added.push({ item, isUnpacked: unpack !== false && (await isArchiveItem(item)) });
  }
  const inline = await inlineItems(session, inlineFiles);
  return [...added, ...inline.map((item) => ({ item, isUnpacked: false }))];
}

async function isArchiveItem({ isDirectory, entries }: SourceItem): Promise<boolean> {
  const file = entries.at(-1);
  return !isDirectory && file?.stats.isFile() === true && (await isArchive(file.path));
}

interface AddPlan {
  readonly instruction: AddInstruction;
  readonly target: string;
  readonly added: readonly AddedItem[];
}

function addInto(
  { session }: StepContext,
  {
    state,
    folder,
    isIndependent,
  }: { readonly state: ImageState; readonly folder: string; readonly isIndependent: boolean },
  { instruction, target, added }: AddPlan,
) {
  const { engine } = session;
  const layers = isIndependent ? [] : layersBelow(engine, state.chainId);
  return withWritableMount(engine, { layers, folder }, async (rootfs) => {
    const owner = instruction.chown === undefined ? { uid: 0, gid: 0 } : resolveOwner(rootfs, instruction.chown);
    const changeMode = instruction.chmod === undefined ? undefined : parseMode(instruction.chmod);
    const plain = added.filter(({ isUnpacked }) => !isUnpacked).map(({ item }) => item);
    const intoFolder = added.length > 1;
    await putItems(plain, { rootfs, destination: target, owner, changeMode, intoFolder });
    for (const { item, isUnpacked } of added) {
      if (isUnpacked)
        await unpackInto(rootfs, target, { item, owner: instruction.chown === undefined ? undefined : owner });
    }
    return changesIn(engine, folder, layers);
  });
}

/** Archives are unpacked by a process that cannot leave the root filesystem. */
async function unpackInto(
  rootfs: string,
  target: string,
  {
    item,
    owner,
  }: { readonly item: SourceItem; readonly owner: { readonly uid: number; readonly gid: number } | undefined },
): Promise<void> {
  makeFolders(rootfs, resolveInRoot(rootfs, target), owner ?? { uid: 0, gid: 0 });
  const path = item.entries.at(-1)?.path as string;

  const fd = openSync(rootfs, "r");
  const copier = await openCopier({ kind: "open", fd });
  try {
    const directory = target === "/" ? "/" : target.replace(/\/$/, "");
    const chunks = decompress(chunksOf(path));
    await copier.put({ directory, owner, overwrite: true, skipsDevices: false }, chunks);
  } finally {
    copier.close();
    closeSync(fd);
  }
}
