import { readlinkSync } from "node:fs";
import type { ContainerRecord } from "../storage/containers.ts";

/** The numbers of a running container's namespaces; "" for one that does not run. */
export interface ContainerNamespaces {
  readonly Cgroup: string;
  readonly Ipc: string;
  readonly Mnt: string;
  readonly Net: string;
  readonly Pidns: string;
  readonly User: string;
  readonly Uts: string;
}

export function readNamespaces({ init }: Pick<ContainerRecord, "init">): ContainerNamespaces {
  const number = (kind: string) => {
    try {
      return init ? readlinkSync(`/proc/${init.pid}/ns/${kind}`).replace(/\D/g, "") : "";
    } catch {
      return "";
    }
  };
  return {
    Cgroup: number("cgroup"),
    Ipc: number("ipc"),
    Mnt: number("mnt"),
    Net: number("net"),
    Pidns: number("pid"),
    User: number("user"),
    Uts: number("uts"),
  };
}
