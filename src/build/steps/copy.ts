import { posix } from "node:path";
import { resolveUser } from "../../container/spec/user.ts";
import { DhowError } from "../../errors.ts";
import type { CopyInstruction } from "../dockerfile/ast.ts";
import { digestItems } from "../files/digest.ts";
import { inlineItems } from "../files/inline.ts";
import { type ChangeMode, parseMode } from "../files/modes.ts";
import { type Owner, putItems } from "../files/put.ts";
import { type SourceItem, selectSources } from "../files/select.ts";
import { keyOf } from "../keys.ts";
import type { ImageState } from "./image-state.ts";
import { layersBelow, withWritableMount } from "./mounted-state.ts";
import { contentKeyOf, type From, openSourceTree } from "./source-trees.ts";
import {
  alsoKnownAs,
  changesIn,
  findLayer,
  type SolvedLayer,
  type StepContext,
  solveLayer,
  timeKey,
  withLayer,
} from "./step-context.ts";

export interface CopyFacts {
  readonly from: From;
  /** Paths of --exclude and the like. */
  readonly excludes: (path: string) => boolean;
}

/** Solves COPY. Its words are expanded. */
export async function solveCopy(
  context: StepContext,
  state: ImageState,
  facts: CopyFacts & { readonly instruction: CopyInstruction },
): Promise<{ readonly state: ImageState; readonly solved: SolvedLayer }> {
  const shortcut = await shortcutKey(context, state, facts);
  const known =
    shortcut && context.usesCache ? await findLayer(context, { key: shortcut, parent: state.chainId }) : undefined;
  if (shortcut && known) return { state: withLayer(state, known, shortcut), solved: known };
  const { solved, key } = await copyLayer(context, state, facts);
  if (shortcut) alsoKnownAs(context, shortcut, solved);
  return { state: withLayer(state, solved, shortcut ?? key), solved };
}

/** Where something is known that stands for all files that are copied from, none of them has to be read. */
async function shortcutKey(
  context: StepContext,
  state: ImageState,
  { instruction, from }: CopyFacts & { readonly instruction: CopyInstruction },
): Promise<string | undefined> {
  const { sources, inlineFiles, destination, chown, chmod, link, parents, excludes } = instruction;
  const contentKey = sources.length > 0 ? await contentKeyOf(context.session, from, context) : undefined;
  if (contentKey === undefined) return undefined;
  return keyOf("copy-from", {
    ...{ below: link ? null : (state.chainId ?? ""), contentKey, sources, inlineFiles, destination, chown, chmod },
    ...{ parents, excludes, target: absolute(state, destination), times: timeKey(context.session) },
  });
}

async function copyLayer(
  context: StepContext,
  state: ImageState,
  { instruction, from, excludes }: CopyFacts & { readonly instruction: CopyInstruction },
): Promise<{ readonly solved: SolvedLayer; readonly key: string }> {
  const { session } = context;
  const { sources, inlineFiles, destination, chown, chmod, link, parents } = instruction;
  const items: SourceItem[] = [];
  let keepsOwners = false;
  if (sources.length > 0) {
    const { tree } = await openSourceTree(session, from, context);
    keepsOwners = tree.keepsOwners;
    items.push(...selectSources(tree, sources, { excludes, keepsParents: parents }));
  }
  items.push(...(await inlineItems(session, inlineFiles)));
  checkDestination(items, destination);
  const content = await digestItems(items, keepsOwners && chown === undefined);
  const changeMode = chmod === undefined ? undefined : parseMode(chmod);
  const target = absolute(state, destination);
  const key = keyOf("copy", {
    ...{ below: link ? null : (state.chainId ?? ""), content, target, chown, chmod, parents },
    ...{ isMany: items.length > 1, times: timeKey(session) },
  });
  const plan: CopyPlan = { items, target, chown, changeMode, keepsOwners, intoFolder: parents || items.length > 1 };
  const solved = await solveLayer(context, {
    key,
    description: `/bin/sh -c #(nop) COPY${link ? " --link" : ""} ${summary(items, content)} in ${destination} `,
    parent: state.chainId,
    make: (folder) => copyInto(context, { state, folder, isIndependent: link }, plan),
  });
  return { solved, key };
}

export interface CopyPlan {
  readonly items: readonly SourceItem[];
  /** Absolute path in the image. */
  readonly target: string;
  readonly chown: string | undefined;
  readonly changeMode: ChangeMode | undefined;
  readonly keepsOwners: boolean;
  readonly intoFolder: boolean;
}

/** @param isIndependent --link: nothing of the image is looked at. */
export function copyInto(
  { session }: StepContext,
  {
    state,
    folder,
    isIndependent,
  }: { readonly state: ImageState; readonly folder: string; readonly isIndependent: boolean },
  { items, target, chown, changeMode, keepsOwners, intoFolder }: CopyPlan,
) {
  const { engine } = session;
  const below = layersBelow(engine, state.chainId);
  const layers = isIndependent ? [] : below;
  return withWritableMount(engine, { layers, folder }, async (rootfs) => {
    const owner = chown === undefined ? (keepsOwners ? undefined : root) : resolveOwner(rootfs, chown);
    await putItems(items, { rootfs, destination: target, owner, changeMode, intoFolder });
    return changesIn(engine, folder, layers);
  });
}

const root: Owner = { uid: 0, gid: 0 };

/** `user[:group]`, looked up in the image. A user alone has a group of the same number, as with Docker. */
export function resolveOwner(rootfs: string, chown: string): Owner {
  const { uid, gid } = resolveUser(rootfs, chown, []);
  return /^\d+$/.test(chown) ? { uid, gid: uid } : { uid, gid };
}

export function absolute({ defaults }: Pick<ImageState, "defaults">, destination: string): string {
  const path = posix.resolve("/", defaults.WorkingDir ?? "", destination);
  const isFolder = /(?:^|\/)\.?\.?$/.test(destination) || destination.endsWith("/");
  return isFolder && path !== "/" ? `${path}/` : path;
}

/** What the history calls the content. */
export function summary(items: readonly SourceItem[], content: string): string {
  const [only, ...more] = items;
  if (more.length > 0) return `multi:${content}`;
  return `${only?.isDirectory ? "dir" : "file"}:${content}`;
}

export function checkDestination(items: readonly SourceItem[], destination: string): void {
  if (items.length < 2 || /(?:^|\/)\.{0,2}$/.test(destination)) return;
  throw new DhowError(
    `adding multiple sources to non-directory destination ${JSON.stringify(destination)}: it must end with a slash`,
    { kind: "invalid-argument" },
  );
}
