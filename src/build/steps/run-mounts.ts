import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { posix } from "node:path";
import { resolveInRoot } from "../../container/spec/rootfs-path.ts";
import { DhowError, errnoOf } from "../../errors.ts";
import type { MountConfig } from "../../model/container-config.ts";
import { unmountAll } from "../../storage/mounts.ts";
import { mountOverlay } from "../../storage/overlay-mount.ts";
import { newTemporaryPath, removeTree } from "../../storage/temporary.ts";
import { getVariable } from "../../system/environment.ts";
import { runProgramAsync } from "../../system/process.ts";
import { cacheMountFolder, cacheMountLease } from "../cache-mounts.ts";
import type { BindMount, CacheMount, RunMount, SecretMount } from "../dockerfile/ast.ts";
import { digestItems } from "../files/digest.ts";
import { putItems } from "../files/put.ts";
import { type SourceItem, type SourceTree, selectSources } from "../files/select.ts";
import { keyOf } from "../keys.ts";
import type { BuildSecret } from "../request.ts";
import { type BuildSession, once } from "../session.ts";
import { openSourceTree } from "./source-trees.ts";
import { openAgent } from "./ssh-agent.ts";
import type { StepContext } from "./step-context.ts";

/** A mount of RUN whose source is known. */
export interface KnownMount {
  readonly mount: RunMount;
  readonly source: FoundSource | undefined;
}

interface FoundSource {
  readonly tree: SourceTree;
  readonly items: readonly SourceItem[] | undefined;
  /** Stands for the content. */
  readonly content: string;
}

/** Finds what is mounted, and what stands for its content. Stages that are mounted from are solved. */
export async function lookAtMounts(context: StepContext, mounts: readonly RunMount[]): Promise<KnownMount[]> {
  const known: KnownMount[] = [];
  for (const mount of mounts) {
    const hasSource = mount.type === "bind" || (mount.type === "cache" && mount.from !== undefined);
    known.push({ mount, source: hasSource ? await findSource(context, mount) : undefined });
  }
  return known;
}

async function findSource(context: StepContext, { from, source }: BindMount | CacheMount): Promise<FoundSource> {
  const { session } = context;
  const { tree, contentKey } = await openSourceTree(session, context.findFrom(from), context);
  const isAll = /^[./]*$/.test(source);
  if (isAll && contentKey !== undefined) return { tree, items: undefined, content: contentKey };
  const items = selectSources(tree, [isAll ? "/" : source], { excludes: () => false, keepsParents: false });
  return { tree, items, content: await digestItems(items, tree.keepsOwners) };
}

/** What the result of the step depends on: not what is in caches, and nothing of secrets but where they are. */
export function mountKey({ mount, source }: KnownMount): unknown {
  switch (mount.type) {
    case "bind":
      return { ...mount, content: source?.content };
    case "cache":
      return { type: "cache", id: mount.id, target: mount.target };
    default:
      return mount;
  }
}

export interface MountPlace {
  readonly mounts: readonly KnownMount[];
  readonly folder: string;
  readonly workdir: string;
  readonly user: string;
}

export interface MadeMounts {
  readonly mounts: readonly MountConfig[];
  readonly env: readonly { readonly key: string; readonly value: string }[];
  /** A file with that content, to be run. */
  readonly script: (destination: string, content: string) => MountConfig;
}

/** Makes the mounts ready for as long as the work takes. Nothing of secrets is left afterwards. */
export async function withMounts<T>(
  context: StepContext,
  place: MountPlace,
  work: (made: MadeMounts) => Promise<T>,
): Promise<T> {
  const { engine } = context.session;
  mkdirSync(`${engine.paths.run}/builds`, { recursive: true, mode: 0o700 });
  const secrets = `${engine.paths.run}/builds/${posix.basename(place.folder)}-secrets`;
  const undo: (() => void)[] = [() => removeTree(secrets)];
  const mounts: MountConfig[] = [];
  const env: { key: string; value: string }[] = [];
  const maker: Maker = { context, place, secrets, undo };
  try {
    const caches = place.mounts.flatMap(({ mount, source }) => (mount.type === "cache" ? [{ mount, source }] : []));
    return await withCaches(maker, caches, async (cached) => {
      for (const known of place.mounts) {
        const one = cached.get(known) ?? (await makeMount(maker, known));
        if (one.mount) mounts.push(one.mount);
        env.push(...(one.env ?? []));
      }
      return work({ mounts, env, script: (destination, content) => scriptMount(maker, destination, content) });
    });
  } finally {
    for (const step of undo.reverse()) step();
  }
}

interface Maker {
  readonly context: StepContext;
  readonly place: MountPlace;
  /** Holds the files of secrets. */
  readonly secrets: string;
  readonly undo: (() => void)[];
}

interface MadeMount {
  readonly mount?: MountConfig;
  readonly env?: readonly { readonly key: string; readonly value: string }[];
}

async function makeMount(maker: Maker, { mount, source }: KnownMount): Promise<MadeMount> {
  const destination = targetOf(maker, mount);
  switch (mount.type) {
    case "bind":
      return { mount: await bindMount(maker, { mount, destination, source: source as FoundSource }) };
    case "tmpfs": {
      const size = mount.sizeBytes === undefined ? [] : [`size=${mount.sizeBytes}`];
      return {
        mount: { type: "tmpfs", source: undefined, destination, options: ["nosuid", "nodev", "mode=1777", ...size] },
      };
    }
    case "secret":
      return secretMount(maker, mount, destination);
    case "ssh": {
      const found = maker.context.session.request.steps.ssh.get(mount.id);
      if (found === undefined) {
        if (mount.isRequired) throw missing(`unset ssh forward key ${mount.id}`, `--ssh ${mount.id}`);
        return {};
      }
      const socket = await openAgent(maker.context.session, mount.id, found);
      return {
        mount: { type: "bind", source: socket, destination, options: ["bind", "nosuid", "nodev"] },
        env: [{ key: "SSH_AUTH_SOCK", value: destination }],
      };
    }
    case "cache":
      throw new Error("caches are mounted before");
  }
}

function targetOf({ place }: Maker, mount: RunMount): string {
  const usual = mount.type === "ssh" ? "/run/buildkit/ssh_agent.0" : `/run/secrets/${"id" in mount ? mount.id : ""}`;
  return posix.resolve("/", place.workdir, mount.target ?? usual);
}

async function bindMount(
  maker: Maker,
  {
    mount,
    destination,
    source,
  }: { readonly mount: BindMount; readonly destination: string; readonly source: FoundSource },
): Promise<MountConfig> {
  const path = await shownPath(maker.context.session, mount, source);
  const options = ["rbind", "nosuid", "nodev", ...(mount.isReadOnly ? ["ro"] : [])];
  if (mount.isReadOnly) return { type: "bind", source: path, destination, options };
  return { type: "bind", source: await writableCopy(maker, path), destination, options };
}

/** The source itself, or a copy without what is ignored. */
async function shownPath(
  session: BuildSession,
  mount: BindMount,
  { tree, items, content }: FoundSource,
): Promise<string> {
  const inTree = resolveInRoot(tree.directory, mount.source);
  if (tree.keepsOwners || items === undefined || !leavesOutAnything(tree, mount.source)) return inTree;
  return once(session, `shown:${content}:${mount.source}`, async () => {
    const folder = newTemporaryPath(session.engine.paths.data);
    session.cleanups.defer(() => removeTree(folder));
    mkdirSync(folder, { mode: 0o755 });
    const destination = items[0]?.isDirectory ? "/" : `/${posix.basename(inTree)}`;
    await putItems(items, {
      rootfs: folder,
      destination,
      owner: { uid: 0, gid: 0 },
      changeMode: undefined,
      intoFolder: false,
    });
    return items[0]?.isDirectory ? folder : `${folder}${destination}`;
  });
}

/** What an ignore file leaves out must not be seen. */
function leavesOutAnything(tree: SourceTree, source: string): boolean {
  const start = posix.normalize(`/${source}`).replace(/^\/|\/$/g, "");
  const look = (path: string): boolean =>
    namesIn(`${tree.directory}/${path}`).some((entry) => {
      const child = path === "" ? entry.name : `${path}/${entry.name}`;
      return tree.isIgnored(child) || (entry.isDirectory() && look(child));
    });
  return look(start);
}

function namesIn(path: string) {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** What is written is thrown away. */
async function writableCopy({ context, undo }: Maker, path: string): Promise<string> {
  const { engine } = context.session;
  const folder = newTemporaryPath(engine.paths.data);
  const [upper, work, target] = [`${folder}/upper`, `${folder}/work`, `${folder}/merged`];
  for (const each of [upper, work, target]) mkdirSync(each, { recursive: true, mode: 0o755 });
  undo.push(() => {
    unmountAll(target);
    removeTree(folder);
  });
  if (engine.rootfs.name === "vfs" || !isFolder(path)) {
    await runProgramAsync(["cp", "-a", "--reflink=auto", "-T", path, `${target}/copy`]);
    return `${target}/copy`;
  }
  mountOverlay(engine.rootfs.name, { lower: path, upper, work, target });
  return target;
}

function isFolder(path: string): boolean {
  return existsSync(`${path}/.`);
}

function secretMount({ context, secrets }: Maker, mount: SecretMount, destination: string): MadeMount {
  const secret = context.session.request.steps.secrets.get(mount.id);
  const content = secret && readSecret(secret);
  if (content === undefined) {
    if (mount.isRequired) {
      throw missing(`secret required but no secret with id ${mount.id} found`, `--secret id=${mount.id},src=PATH`);
    }
    return {};
  }
  const env = mount.environment === undefined ? [] : [{ key: mount.environment, value: content.toString() }];
  if (mount.target === undefined && mount.environment !== undefined) return { env };
  mkdirSync(secrets, { recursive: true, mode: 0o700 });
  const path = `${secrets}/${keyOf("secret", [mount.id, destination]).slice(0, 16)}`;
  writeFileSync(path, content, { mode: 0o600 });
  chownSync(path, mount.uid, mount.gid);
  chmodSync(path, mount.mode);
  return {
    mount: { type: "bind", source: path, destination, options: ["bind", "ro", "nosuid", "nodev", "noexec"] },
    env,
  };
}

function readSecret(secret: BuildSecret): Buffer | undefined {
  if (secret.type === "env") return secret.value === undefined ? undefined : Buffer.from(secret.value);
  try {
    return readFileSync(secret.path);
  } catch (cause) {
    if (errnoOf(cause) === "ENOENT") return undefined;
    throw new DhowError(`cannot read the secret ${secret.path}`, { kind: "permission-denied", cause });
  }
}

function missing(message: string, flag: string): DhowError {
  return new DhowError(message, { kind: "not-found", hint: `give it with ${flag}` });
}

/** Not where the secrets are: programs may not be run from there on some machines. */
function scriptMount({ context, undo }: Maker, destination: string, content: string): MountConfig {
  const path = newTemporaryPath(context.session.engine.paths.data);
  undo.push(() => removeTree(path));
  writeFileSync(path, content);
  chmodSync(path, 0o755);
  return { type: "bind", source: path, destination, options: ["bind", "ro", "nosuid", "nodev"] };
}

interface WantedCache {
  readonly mount: CacheMount;
  readonly source: FoundSource | undefined;
}

/** Caches that others may not use at the same time are locked, in one order for everybody. */
async function withCaches<T>(
  maker: Maker,
  caches: readonly WantedCache[],
  work: (made: ReadonlyMap<KnownMount, MadeMount>) => Promise<T>,
): Promise<T> {
  const { engine } = maker.context.session;
  const names = caches.filter(({ mount }) => mount.sharing !== "shared").map(({ mount }) => cacheName(mount));
  const locked = [...new Set(names)].sort().reduceRight<() => Promise<T>>(
    (inner, name) => () => engine.locks.withLock(`cache-mount:${name}`, inner),
    async () => {
      const made = new Map<KnownMount, MadeMount>();
      for (const known of maker.place.mounts) {
        if (known.mount.type === "cache")
          made.set(known, { mount: await cacheMount(maker, known.mount, known.source) });
      }
      return work(made);
    },
  );
  return locked();
}

function cacheName({ id }: CacheMount): string {
  const namespace = getVariable("BUILDKIT_CACHE_MOUNT_NS") ?? "";
  return keyOf("cache-mount", [namespace, posix.normalize(id)]).slice(0, 32);
}

async function cacheMount(maker: Maker, mount: CacheMount, source: FoundSource | undefined): Promise<MountConfig> {
  const { engine } = maker.context.session;
  const path = `${cacheMountFolder(engine)}/${cacheName(mount)}`;
  // Nobody prunes it while it is in use.
  engine.leases.take([cacheMountLease(cacheName(mount))]);
  if (!existsSync(path)) {
    // Whoever is first makes it; the others find it complete.
    await engine.locks.withLock(`cache-mount-making:${cacheName(mount)}`, () =>
      makeCache(maker, { path, mount, source }),
    );
  }
  const options = ["rbind", "nosuid", "nodev", ...(mount.isReadOnly ? ["ro"] : [])];
  return { type: "bind", source: path, destination: targetOf(maker, mount), options };
}

async function makeCache(
  { context }: Maker,
  {
    path,
    mount,
    source,
  }: { readonly path: string; readonly mount: CacheMount; readonly source: FoundSource | undefined },
): Promise<void> {
  if (existsSync(path)) return;
  const { engine } = context.session;
  const folder = newTemporaryPath(engine.paths.data);
  try {
    mkdirSync(folder, { mode: 0o700 });
    if (source) {
      const from = resolveInRoot(source.tree.directory, mount.source);
      await runProgramAsync(["cp", "-a", "--reflink=auto", `${from}/.`, folder]);
    }
    chownSync(folder, mount.uid, mount.gid);
    chmodSync(folder, mount.mode);
    mkdirSync(posix.dirname(path), { recursive: true, mode: 0o700 });
    renameSync(folder, path);
  } finally {
    removeTree(folder);
  }
}
