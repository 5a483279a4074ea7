import type { Engine } from "../../engine.ts";
import type { Digest } from "../../oci/digest.ts";
import type { MountPlan } from "../../storage/rootfs.ts";
import { newTemporaryPath, removeTree } from "../../storage/temporary.ts";
import { runProgramAsync, shellQuote } from "../../system/process.ts";
import type { BuildSession } from "../session.ts";
import { once } from "../session.ts";

/** Unpacked layers of a chain, top first. */
export function layersBelow({ layers }: Pick<Engine, "layers">, chainId: Digest | undefined): string[] {
  return chainId === undefined ? [] : layers.chain(chainId).map((layer) => layers.diffPath(layer));
}

/**
 * Where the files of an image can be read, for as long as the build lasts.
 * @param chainId Its top layer; undefined for no files.
 */
export function mountForReading(session: BuildSession, chainId: Digest | undefined): Promise<string> {
  return once(session, `mount:${chainId}`, async () => {
    const { engine } = session;
    const folder = newTemporaryPath(engine.paths.data);
    const target = `${folder}/rootfs`;
    session.cleanups.defer(() => {
      engine.rootfs.unmount(target);
      removeTree(folder);
    });
    const layers = layersBelow(engine, chainId);
    await mount(engine.rootfs.prepare({ layers, containerDirectory: folder, target, readOnly: true }));
    return target;
  });
}

/** Mounts a root filesystem whose changes go into the folder, for as long as the work takes. */
export async function withWritableMount<T>(
  engine: Engine,
  { layers, folder }: { readonly layers: readonly string[]; readonly folder: string },
  work: (rootfs: string) => Promise<T>,
): Promise<T> {
  const target = `${folder}/rootfs`;
  await mount(engine.rootfs.prepare({ layers, containerDirectory: folder, target, volatile: true }));
  try {
    return await work(target);
  } finally {
    engine.rootfs.unmount(target);
  }
}

async function mount({ commands, cwd }: MountPlan): Promise<void> {
  const script = commands.map((command) => shellQuote(command)).join(" && ");
  await runProgramAsync(["/bin/sh", "-c", script], { cwd });
}
