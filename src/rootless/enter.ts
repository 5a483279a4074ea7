import { getVariable } from "../system/environment.ts";

/** Shows a warning to the user. */
export type Warn = (message: string) => void;

/**
 * Returns inside of the user's namespaces. If bin/dhow has entered them this costs nothing; else they are found or made,
 * and the process starts itself again inside of them, with the same arguments, standard streams and working directory,
 * and never returns.
 * @throws {DhowError} `unavailable` or `permission-denied` with what the machine lacks.
 */
export async function ensureNamespace(warn: Warn): Promise<void> {
  if (isInNamespace()) return;
  const { enterNamespace } = await import("./namespace.ts");
  await enterNamespace(warn);
}

/** Whether this process runs inside of the user's namespaces. */
export function isInNamespace(): boolean {
  return getVariable("DHOW_IN_NAMESPACE") !== undefined;
}
