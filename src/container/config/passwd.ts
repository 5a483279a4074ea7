import { DhowError } from "../../errors.ts";
import type { PasswdConfig, UserNamespaceConfig } from "../../model/container-config.ts";
import type { CallerFacts, UserFlags } from "./flags.ts";
import { invalid } from "./values.ts";

/** As for everything that podman notices when it starts the container. */
const cannotInvoke = 126;

/** What is added to the container's user database. */
export function buildPasswd(flags: UserFlags, userns: UserNamespaceConfig, caller: CallerFacts): PasswdConfig {
  const hostUsers = flags.hostuser.map((name) => {
    const line = caller.passwdLineOf(name);
    if (line === undefined)
      throw new DhowError(`unable to find host user ${JSON.stringify(name)} in /etc/passwd`, {
        kind: "not-found",
        exitCode: cannotInvoke,
      });
    return withoutPassword(line);
  });
  const own = userns.mode === "private" && userns.user ? ownLine(userns.user, caller) : [];
  return {
    enabled: flags.passwd,
    passwdEntry: checkEntry(flags["passwd-entry"]),
    groupEntry: flags["group-entry"],
    hostUsers: [...own, ...hostUsers],
  };
}

function withoutPassword(line: string): string {
  const [name = "", , ...rest] = line.split(":");
  return [name, "*", ...rest].join(":");
}

/** With keep-id, the user is known in the container by the name that they have outside. */
function ownLine({ uid, gid }: { readonly uid: number; readonly gid: number }, caller: CallerFacts): string[] {
  const [name, , , , comment = ""] = caller.passwdLineOf(String(caller.ids.uid))?.split(":") ?? [];
  return name === undefined ? [] : [`${name}:*:${uid}:${gid}:${comment}:$HOME:/bin/sh`];
}

function checkEntry(entry: string | undefined): string | undefined {
  if (entry === undefined || (entry.split(":").length === 7 && !entry.includes("\n"))) return entry;
  throw invalid(`invalid --passwd-entry ${JSON.stringify(entry)}`, "its form is NAME:*:UID:GID:COMMENT:HOME:SHELL");
}
