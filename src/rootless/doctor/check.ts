import type { CgroupSupport } from "../cgroup.ts";
import type { Obstacle } from "../diagnose.ts";
import type { SubordinateEntry, SubordinateKind, SubordinateRange } from "../subordinate-ids.ts";
import type { PackageManager } from "./packages.ts";

/** `missing`: containers cannot run. `degraded`: they run, with less. */
export type Status = "OK" | "degraded" | "missing";

export interface Finding {
  readonly status: Status;
  /** What was found, as the end of a sentence. */
  readonly detail: string;
  /** The command or the line that changes it; undefined for OK, and where nobody can. */
  readonly fix?: string;
}

/** One prerequisite of containers. */
export interface Check {
  readonly id: string;
  readonly title: string;
  /** Why it matters, in one sentence. */
  readonly why: string;
  examine(machine: Machine): Finding | Promise<Finding>;
}

export interface MountInfo {
  readonly type: string;
  readonly options: readonly string[];
}

/** What the checks ask the machine; tests answer in its place. */
export interface Machine {
  readonly uid: number;
  readonly userName: string | undefined;
  readonly packageManager: PackageManager | undefined;
  readonly node: { readonly version: string; readonly path: string };
  /** The absolute path of a program. */
  find(program: string): string | undefined;
  /** The first line that a program prints, "" if it fails. */
  firstLine(argv: readonly [string, ...string[]]): string;
  /** Content of a file; undefined if it cannot be read. */
  read(path: string): string | undefined;
  exists(path: string): boolean;
  /** Whether the user may read and write it. */
  isUsable(path: string): boolean;
  /** Whether a program runs with the owner's rights: setuid root, or file capabilities. */
  isPrivileged(path: string): boolean;
  obstacle(): Obstacle | undefined;
  ranges(kind: SubordinateKind): readonly SubordinateRange[];
  entries(kind: SubordinateKind): readonly SubordinateEntry[];
  cgroups(): CgroupSupport;
  /** Makes a namespace as the first command would, and lets it go. @returns How many ids it has, or why it failed. */
  tryNamespace(): Promise<{ readonly ids: number } | { readonly failure: string }>;
  /** How many ids the namespace has that dhow runs in; undefined outside of one. */
  currentIds(): number | undefined;
  /** Mounts an overlay in the data folder, in a user namespace. @returns Why that failed; undefined if it worked. */
  tryOverlay(): string | undefined;
  /** The data folder, made if missing. @throws {DhowError} If it cannot be. */
  dataFolder(): string;
  /** The run folder, made if missing. @throws {DhowError} If it cannot be. */
  runFolder(): string;
  mountOf(path: string): MountInfo;
  /** @throws {DhowError} If the system calls that Node lacks cannot be made. */
  loadSystemCalls(): void;
}

export const ok = (detail: string): Finding => ({ status: "OK", detail });

export function degraded(detail: string, fix?: string): Finding {
  return { status: "degraded", detail, ...(fix === undefined ? {} : { fix }) };
}

export function missing(detail: string, fix?: string): Finding {
  return { status: "missing", detail, ...(fix === undefined ? {} : { fix }) };
}

/** A command for root, as this user types it. */
export function asRoot({ uid }: Pick<Machine, "uid">, command: string): string {
  return uid === 0 ? command : `sudo ${command}`;
}
