import type { HostFacts } from "../../../src/container/spec/host-facts.ts";
import type { SpecInput } from "../../../src/container/spec/input.ts";
import { noCdiEdits } from "../../../src/oci/cdi.ts";
import { configOf } from "../config/command-line.ts";

/** A machine with 65537 ids and modest limits. */
export const plainHost: HostFacts = {
  architecture: "amd64",
  lastCapability: 40,
  mappedGroups: 65_537,
  mappedUsers: 65_537,
  ids: {
    uids: [
      { containerId: 0, hostId: 1000, size: 1 },
      { containerId: 1, hostId: 100_000, size: 65_536 },
    ],
    gids: [
      { containerId: 0, hostId: 1000, size: 1 },
      { containerId: 1, hostId: 100_000, size: 65_536 },
    ],
  },
  limits: { nofile: { soft: 1024, hard: 4096 }, nproc: { soft: 100, hard: -1 } },
  hasMqueue: true,
  showsMqueue: true,
  oomScoreAdj: 100,
};

/** What the spec of `run FLAGS IMAGE` is made from, for root of the image. */
export function inputOf(argv: readonly string[], changes: Partial<SpecInput> = {}): SpecInput {
  return {
    containerId: "0123456789abcdef".repeat(4),
    config: configOf([...argv, "image"], { image: { Cmd: ["sh"] } }),
    rootfsPath: "/run/x/rootfs",
    user: { uid: 0, gid: 0, additionalGids: [], home: "/root", known: true },
    network: { kind: "new" },
    joined: {},
    sharedMemory: undefined,
    mountSources: new Map(),
    mountedFiles: new Set(),
    secrets: { mounts: [], env: [] },
    userDatabase: { passwd: undefined, group: undefined },
    files: {
      hosts: "/f/hosts",
      resolvConf: "/f/resolv.conf",
      hostname: "/f/hostname",
      containerenv: "/f/env",
      localtime: undefined,
    },
    deviceEdits: noCdiEdits,
    limits: undefined,
    initBinary: undefined,
    seccompProfile: undefined,
    cgroupsPath: undefined,
    hostDevices: [],
    host: plainHost,
    ...changes,
  };
}
