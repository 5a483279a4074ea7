import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Engine } from "../engine.ts";
import { DhowError } from "../errors.ts";
import type { ContainerConfig } from "../model/container-config.ts";
import { type CdiEdits, type CdiSpec, noCdiEdits, parseCdiSpec } from "../oci/cdi.ts";

/** No vendor's file is larger; anything else that lies in the folders is not read into memory. */
const maxFileBytes = 4 << 20;

/** Where vendors' files are: the machine's, and the user's beside dhow's settings. A later folder goes first. */
export function cdiFolders({ paths, globals }: Pick<Engine, "paths" | "globals">): readonly string[] {
  return globals.cdiSpecDirs ?? ["/etc/cdi", "/run/cdi", join(paths.config, "../cdi")];
}

/**
 * What the container needs for its vendors' devices.
 * @throws {DhowError} `not-found` in podman's words for a device that no file has; `invalid-argument` if two files of one
 * folder have it; `unavailable` if a device node is not there.
 */
export async function findDeviceEdits(
  engine: Pick<Engine, "paths" | "globals">,
  { cdiDevices = [] }: Pick<ContainerConfig, "cdiDevices">,
): Promise<CdiEdits> {
  const folders = cdiFolders(engine);
  const found = new Map<string, Found>();
  const unreadable: string[] = [];
  for (const folder of folders) await readFolder(folder, { found, unreadable });
  const unknown = cdiDevices.filter((name) => !found.has(name));
  if (unknown.length > 0) throw unresolvable(unknown, folders, unreadable);
  const specs = new Set<CdiSpec>();
  const edits: CdiEdits[] = [];
  for (const name of cdiDevices) {
    const { spec, edits: own, path, conflict } = found.get(name) as Found;
    if (conflict !== undefined) throw conflicting(name, [path, conflict]);
    // What a file wants for each of its devices is needed once.
    if (!specs.has(spec)) edits.push(spec.edits);
    specs.add(spec);
    edits.push(own);
  }
  const merged = edits.reduce(joinEdits, noCdiEdits);
  for (const { hostPath } of merged.deviceNodes) checkNode(hostPath, cdiDevices);
  return merged;
}

interface Found {
  readonly spec: CdiSpec;
  readonly edits: CdiEdits;
  readonly path: string;
  /** Another file of the same folder that has it. */
  readonly conflict: string | undefined;
}

interface Findings {
  readonly found: Map<string, Found>;
  readonly unreadable: string[];
}

async function readFolder(folder: string, { found, unreadable }: Findings): Promise<void> {
  for (const name of namesIn(folder).filter((each) => /\.(?:json|ya?ml)$/.test(each))) {
    const path = `${folder}/${name}`;
    try {
      const spec = parseCdiSpec(await readDocument(path));
      for (const device of spec.devices) {
        const full = `${spec.kind}=${device.name}`;
        const other = found.get(full);
        const conflict = other?.path.startsWith(`${folder}/`) && other.path !== path ? other.path : undefined;
        found.set(full, { spec, edits: device.edits, path, conflict });
      }
    } catch (error) {
      // A vendor's mistake is nothing to those who want another one's device.
      unreadable.push(`${path}: ${error instanceof Error ? error.message.split("\n")[0] : error}`);
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

async function readDocument(path: string): Promise<unknown> {
  const stat = statSync(path);
  if (!stat.isFile() || stat.size > maxFileBytes)
    throw new DhowError("not a file of less than 4 MiB", { kind: "invalid-argument" });
  const text = readFileSync(path, "utf8");
  return path.endsWith(".json") ? JSON.parse(text) : (await import("yaml")).parse(text);
}

function joinEdits(all: CdiEdits, more: CdiEdits): CdiEdits {
  return {
    env: [...all.env, ...more.env],
    deviceNodes: [...all.deviceNodes, ...more.deviceNodes],
    mounts: [...all.mounts, ...more.mounts],
    hooks: [...all.hooks, ...more.hooks],
    additionalGids: [...all.additionalGids, ...more.additionalGids],
  };
}

function checkNode(path: string, devices: readonly string[]): void {
  if (statSync(path, { throwIfNoEntry: false })) return;
  throw new DhowError(`setting up CDI devices: ${devices.join(", ")}: there is no ${path}`, {
    kind: "unavailable",
    hint: "the device is not there, or its driver is not loaded",
  });
}

function unresolvable(names: readonly string[], folders: readonly string[], unreadable: readonly string[]): DhowError {
  const looked = `no file in ${folders.join(", ")} has it`;
  return new DhowError(`setting up CDI devices: unresolvable CDI devices ${names.join(", ")}`, {
    kind: "not-found",
    hint: [looked, ...unreadable].join("; "),
  });
}

function conflicting(name: string, paths: readonly string[]): DhowError {
  return new DhowError(
    `setting up CDI devices: conflicting device ${JSON.stringify(name)} (CDI specs: ${paths.join(", ")})`,
    {
      kind: "invalid-argument",
    },
  );
}
