import { userInfo } from "node:os";
import { getVariable } from "../system/environment.ts";
import { findProgram, tryRun } from "../system/process.ts";
import type { UserName } from "./subordinate-ids.ts";

/** The user who runs dhow, as the machine knows them, also from inside of the namespaces. */
export function currentUser(): UserName & { readonly gid: number } {
  const uid = currentUserId();
  const gid = outerId("DHOW_GID") ?? process.getgid?.() ?? 0;
  return { uid, gid, name: nameOf(uid) };
}

/** The user's uid on the machine, also from inside of the namespaces. */
export function currentUserId(): number {
  return outerId("DHOW_UID") ?? process.getuid?.() ?? 0;
}

function outerId(variable: string): number | undefined {
  const text = getVariable(variable);
  return text === undefined ? undefined : Number(text);
}

function nameOf(uid: number): string | undefined {
  if (uid !== process.getuid?.()) return askForName(uid);
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

function askForName(uid: number): string | undefined {
  const program = findProgram("id");
  if (program === undefined) return undefined;
  const { exitCode, stdout } = tryRun([program, "-nu", String(uid)]);
  return exitCode === 0 ? stdout.trim() : undefined;
}
