import { closeSync, openSync, realpathSync, rmSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Engine } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import type { MountConfig } from "../../model/container-config.ts";
import type { ContainerRecord } from "../../storage/containers.ts";
import { kindOf, locate } from "../../storage/copy/locate.ts";
import type { Located, PutOptions } from "../../storage/copy/messages.ts";
import { type Copier, openCopier } from "../../storage/copy/open-copier.ts";
import { takeTree } from "../../storage/copy/take.ts";
import { newTemporaryPath } from "../../storage/temporary.ts";
import { planRootfs } from "../base-layers.ts";
import { lookUpUser } from "../spec/user.ts";
import { isLive } from "../state.ts";
import type { CopyEnd } from "./plan.ts";

/** One side of a copy: the host, or a container. It must be closed. */
export interface EndPoint {
  /** @throws {DhowError} `not-found` for a path that ends in a slash and is not there. */
  find(path: string): Promise<CopyEnd>;
  take(path: string, name: string | undefined): AsyncIterable<Buffer>;
  put(options: Pick<PutOptions, "directory" | "overwrite">, archive: AsyncIterable<Buffer>): Promise<readonly string[]>;
  /** For messages: `on the host`. */
  readonly where: string;
  close(): void;
}

/** The host's files, as this user sees them. What is copied there belongs to the user. */
export function hostEndPoint(): EndPoint {
  return {
    where: "on the host",
    async find(path) {
      return { given: path, ...checkSlash(path, findOnHost(path), "on the host") };
    },
    async *take(path, name) {
      yield* takeTree(path, name);
    },
    async put({ directory, overwrite }, archive) {
      const fd = openSync(directory, "r");
      try {
        const copier = await openCopier({ kind: "open", fd });
        const owner = { uid: 0, gid: 0 };
        return await using(copier, () => copier.put({ directory: "/", owner, overwrite, skipsDevices: true }, archive));
      } finally {
        closeSync(fd);
      }
    },
    close: () => undefined,
  };
}

/** Links are followed to what they lead to; something absent is looked for in its folder. */
function findOnHost(path: string): Located {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats) return { kind: kindOf(stats), target: realpathSync(path) };
  return { kind: "absent", target: resolve(path) };
}

/**
 * A container's files. The caller holds its lock if it does not run.
 * @param archiveOwners Whether what is copied there keeps the owners of the archive instead of getting the container's user.
 */
export async function containerEndPoint(
  engine: Engine,
  record: ContainerRecord,
  { shown, archiveOwners }: { readonly shown: string; readonly archiveOwners: boolean },
): Promise<EndPoint> {
  const { copier, release } = await enterContainer(engine, record);
  const where = `on container ${shown}`;
  const inside = (path: string) => (path.startsWith("/") ? path : `${record.config.workdir}/${path}`);
  return {
    where,
    async find(path) {
      return { given: path, ...checkSlash(path, await copier.locate(inside(path)), where) };
    },
    take: (path, name) => copier.take(path, name),
    async put({ directory, overwrite }, archive) {
      const owner = archiveOwners ? undefined : await ownerIn(copier, record);
      return copier.put({ directory, owner, overwrite, skipsDevices: false }, archive);
    },
    close: release,
  };
}

async function enterContainer(
  engine: Engine,
  { id, config, state, init }: ContainerRecord,
): Promise<{ readonly copier: Copier; release(): void }> {
  if (isLive(state) && init) {
    const fd = openSync(`/proc/${init.pid}/root`, "r");
    try {
      const copier = await openCopier({ kind: "open", fd });
      return { copier, release: () => copier.close() };
    } finally {
      closeSync(fd);
    }
  }
  const target = newTemporaryPath(engine.paths.data);
  const plan = planRootfs(engine, { id, config }, { target, volatile: config.autoRemove });
  const binds = config.mounts.flatMap((mount) => {
    const source = sourceOf(engine, mount);
    return source === undefined ? [] : [{ source, destination: mount.destination }];
  });
  const remove = () => rmSync(target, { recursive: true, force: true });
  try {
    const copier = await openCopier({ kind: "mount", plan, target, binds });
    return {
      copier,
      release() {
        copier.close();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/** What is mounted there when the container runs, if that is a folder or file of this user's. */
function sourceOf({ volumes }: Engine, { type, source, overlay, subpath }: MountConfig): string | undefined {
  if (source === undefined || overlay || (type !== "bind" && type !== "volume")) return undefined;
  const folder = type === "volume" ? volumes.dataDirectory(source) : source;
  return subpath === undefined ? folder : `${folder}${locate(`/${subpath}`, folder).target}`;
}

const databaseLimit = 4 << 20;

async function ownerIn(copier: Copier, { config }: ContainerRecord): Promise<{ uid: number; gid: number }> {
  const passwd = await copier.read("/etc/passwd", databaseLimit);
  const group = await copier.read("/etc/group", databaseLimit);
  const { uid, gid } = lookUpUser({ passwd, group }, config.user, []);
  return { uid, gid };
}

async function using<T>(copier: Copier, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    copier.close();
  }
}

function checkSlash(path: string, located: Located, where: string): Located {
  const wantsFolder = path.endsWith("/") || path.endsWith("/.");
  if (wantsFolder && located.kind === "absent") throw notFound(path, where);
  return located;
}

export function notFound(path: string, where: string): DhowError {
  return new DhowError(`${JSON.stringify(path)} could not be found ${where}: no such file or directory`, {
    kind: "not-found",
  });
}

/** The folder that something new would be made in. */
export function folderOf({ target }: CopyEnd): string {
  return dirname(target);
}
