import { DhowError } from "../errors.ts";
import { bootId, identifyProcess, isAlive, type ProcessIdentity } from "../system/clock.ts";

/** A process that owns a lock, a lease or a temporary folder: what it owns is free again as soon as it is dead. */
export interface Owner extends ProcessIdentity {
  readonly bootId: string;
}

let self: Owner | undefined;

/** This process as an owner. */
export function currentOwner(): Owner {
  if (!self) {
    const identity = identifyProcess(process.pid);
    if (!identity) throw new DhowError("cannot read /proc/self/stat: is /proc mounted?", { kind: "unavailable" });
    self = { ...identity, bootId: bootId() };
  }
  return self;
}

/** Whether the owner still runs, in this boot. */
export function isOwnerAlive(owner: Owner): boolean {
  return owner.bootId === bootId() && isAlive(owner);
}
