import { DhowError } from "../errors.ts";
import type { ContainerConfig, UserNamespaceConfig } from "../model/container-config.ts";
import { isIdentity, toHostId } from "../model/id-ranges.ts";
import type { IdShift } from "../storage/rootfs.ts";
import { countMapped, type HostFacts } from "./spec/host-facts.ts";

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

type Userns = Pick<ContainerConfig, "userns">;

/**
 * What an owner in the container is in the user's own namespace, where files are given to them.
 * @throws {DhowError} `invalid-argument` for one that the container's namespace does not have.
 */
export function ownerOf({ userns }: Userns, { uid, gid }: Owner): Owner {
  if (userns.mode === "host") return { uid, gid };
  const owner = { uid: toHostId(userns.uids, uid), gid: toHostId(userns.gids, gid) };
  if (owner.uid !== undefined && owner.gid !== undefined) return { uid: owner.uid, gid: owner.gid };
  const what = owner.uid === undefined ? `user id ${uid}` : `group id ${gid}`;
  throw new DhowError(`cannot run as ${what}: the container's user namespace does not have it`, {
    kind: "invalid-argument",
    hint: "use another --user, or a larger --userns",
  });
}

/** The facts of the host for a container with ids of its own. */
export function withOwnIds(host: HostFacts, { userns }: Userns): HostFacts {
  if (userns.mode === "host") return host;
  return { ...host, mappedUsers: countRanges(userns.uids), mappedGroups: countRanges(userns.gids) };
}

function countRanges(ranges: Extract<UserNamespaceConfig, { mode: "private" }>["uids"]): number {
  return countMapped(ranges.map(({ containerId, hostId, size }) => `${containerId} ${hostId} ${size}`).join("\n"));
}

/** How the ids of the image's files are to be shown; undefined for as they are. */
export function idShiftOf({ userns }: Userns): IdShift | undefined {
  if (userns.mode === "host" || (isIdentity(userns.uids) && isIdentity(userns.gids))) return undefined;
  return { uids: userns.uids, gids: userns.gids };
}
