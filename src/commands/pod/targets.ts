import { readFileSync } from "node:fs";
import type { OptionTable } from "../../cli/command.ts";
import type { Engine, PodRecord } from "../../engine.ts";
import { DhowError, errnoOf, isKind } from "../../errors.ts";
import { getLatestPod } from "../../pod/list.ts";

export const latestOption = {
  latest: { type: "boolean", short: "l", describe: "Act on the latest pod dhow is aware of" },
} as const satisfies OptionTable;

export const podIdFileOption = {
  "pod-id-file": { type: "string", array: true, describe: "Read the pod ID from the file", complete: "files" },
} as const satisfies OptionTable;

export interface PodTargetRequest {
  readonly operands: readonly string[];
  readonly all?: boolean;
  readonly latest?: boolean;
  readonly "pod-id-file"?: readonly string[];
  /** Pods that do not exist are passed over. */
  readonly ignore?: boolean;
}

/**
 * The pods that a command is about. As with podman, none is touched if one of them does not exist.
 * @throws {DhowError} `not-found`; `invalid-argument` if the ways to name pods contradict each other, or none is used.
 */
export function findPods(engine: Pick<Engine, "pods">, request: PodTargetRequest): PodRecord[] {
  const { operands, all = false, latest = false, "pod-id-file": files = [], ignore = false } = request;
  checkRequest(request);
  if (all) return engine.pods.list();
  if (latest) return [getLatestPod(engine)];
  const found = new Map<string, PodRecord>();
  for (const name of [...operands, ...files.map(readPodIdFile)]) {
    const pod = findPod(engine, name, ignore);
    if (pod) found.set(pod.id, pod);
  }
  return [...found.values()];
}

function findPod({ pods }: Pick<Engine, "pods">, name: string, ignore: boolean): PodRecord | undefined {
  try {
    return pods.get(name);
  } catch (error) {
    if (ignore && isKind(error, "not-found")) return undefined;
    throw error;
  }
}

function checkRequest({ operands, all, latest, "pod-id-file": files = [] }: PodTargetRequest): void {
  const named = operands.length > 0;
  if (files.length > 0 && (all || latest)) throw invalid("--all, --latest, and --pod-id-file cannot be used together");
  if (all && latest) throw invalid("--all and --latest cannot be used together");
  if (named && all) throw invalid("no arguments are needed with --all");
  if (named && latest) throw invalid("--latest and containers cannot be used together");
  if (named && files.length > 0) throw invalid("no arguments are needed with --latest or --pod-id-file");
  if (!named && !all && !latest && files.length === 0) throw invalid("you must provide at least one name or id");
}

/** The first line of a file that `--pod-id-file` of `pod create` wrote. @throws {DhowError} */
export function readPodIdFile(path: string): string {
  try {
    return readFileSync(path, "utf8").split("\n", 1)[0] ?? "";
  } catch (cause) {
    const isAbsent = errnoOf(cause) === "ENOENT";
    throw new DhowError(
      `reading pod ID file: open ${path}: ${isAbsent ? "no such file or directory" : "cannot be read"}`,
      { kind: isAbsent ? "not-found" : "permission-denied", cause },
    );
  }
}

/**
 * Does something to each pod, going on after failures.
 * @throws {AggregateError} All failures.
 */
export async function forEachPod(
  pods: readonly PodRecord[],
  act: (pod: PodRecord) => Promise<void>,
  earlier: readonly unknown[] = [],
): Promise<void> {
  const failures: unknown[] = [...earlier];
  for (const pod of pods) {
    try {
      await act(pod);
    } catch (error) {
      if (error instanceof AggregateError) failures.push(...error.errors);
      else failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures);
}

export function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
