import { findFreeRange } from "../allocate-range.ts";
import type { SubordinateKind } from "../subordinate-ids.ts";
import { asRoot, type Check, degraded, type Finding, type Machine, missing, ok } from "./check.ts";
import { installLine } from "./packages.ts";

/** The kernel's namespaces and the ids that they map. */
export const namespaceChecks: readonly Check[] = [
  {
    id: "user-namespaces",
    title: "user namespaces",
    why: "They are what makes a plain user the root of their own containers.",
    examine: examineNamespaces,
  },
  {
    id: "id-mappers",
    title: "newuidmap and newgidmap",
    why: "They map your subordinate ids into containers, for which they need root's rights.",
    examine: examineMappers,
  },
  {
    id: "subordinate-ids",
    title: "subordinate ids",
    why: "Files and processes of an image have many owners; each is one of your subordinate ids on this machine.",
    examine: examineRanges,
  },
];

async function examineNamespaces(machine: Machine): Promise<Finding> {
  const result = await machine.tryNamespace();
  if ("ids" in result)
    return ok(result.ids === 1 ? "the kernel makes them" : `the kernel makes them, with ${result.ids} ids`);
  const obstacle = machine.obstacle();
  if (obstacle) return missing(obstacle.reason, obstacle.fix);
  const fix =
    machine.exists("/.dockerenv") || machine.exists("/run/.containerenv")
      ? "allow the outer container to nest: --privileged, or --security-opt seccomp=unconfined with --cap-add sys_admin"
      : undefined;
  return missing(result.failure, fix);
}

function examineMappers(machine: Machine): Finding {
  if (machine.uid === 0) return ok("not needed: root maps ids itself");
  const paths = ["newuidmap", "newgidmap"].map((name) => machine.find(name));
  if (paths.includes(undefined))
    return degraded("not installed, so containers have one uid", installLine(machine, "newuidmap"));
  const powerless = paths.filter((path) => path !== undefined && !machine.isPrivileged(path));
  if (powerless.length > 0) {
    return degraded(
      `${powerless.join(" and ")} run without root's rights, so containers have one uid`,
      `sudo chmod u+s ${powerless.join(" ")}`,
    );
  }
  if (/^NoNewPrivs:\s*1$/m.test(machine.read("/proc/self/status") ?? "")) {
    return degraded(
      "this session may gain no rights (no_new_privs), so containers have one uid",
      "start dhow from a session without no_new_privs",
    );
  }
  return ok("installed, with root's rights");
}

/** Images use ids up to 65534 (nobody). */
const usualSize = 65536;

function examineRanges(machine: Machine): Finding {
  const counts: number[] = [];
  for (const kind of ["uid", "gid"] as const) {
    const size = machine.ranges(kind).reduce((sum, range) => sum + range.size, 0);
    if (size === 0) return noRange(machine, kind);
    const overlap = overlappingOwner(machine, kind);
    if (overlap !== undefined) {
      return degraded(
        `/etc/sub${kind} gives some of your ids to ${overlap} as well, who could reach into your containers`,
        `edit /etc/sub${kind} so that no ranges overlap, then run: dhow system migrate`,
      );
    }
    counts.push(size);
  }
  const least = Math.min(...counts);
  if (least < usualSize)
    return degraded(`only ${least} ids, but images use ids up to ${usualSize - 2}`, addRange(machine));
  const current = machine.currentIds();
  if (current !== undefined && current <= least) {
    return degraded(
      `your namespaces were made when you had fewer: ${current}`,
      "dhow system migrate   # while no container runs",
    );
  }
  return ok(`${counts[0]} uids and ${counts[1]} gids`);
}

function noRange(machine: Machine, kind: SubordinateKind): Finding {
  if (machine.uid === 0) return ok("root takes a free range when it first needs one");
  return degraded(
    `none for ${machine.userName ?? machine.uid} in /etc/sub${kind}, so containers have one uid`,
    addRange(machine),
  );
}

function addRange(machine: Machine): string {
  const everybody = [...machine.entries("uid"), ...machine.entries("gid")];
  const { start, size } = findFreeRange(everybody, 2 ** 32 - 1);
  const range = `${start}-${start + size - 1}`;
  const command = asRoot(
    machine,
    `usermod --add-subuids ${range} --add-subgids ${range} ${machine.userName ?? machine.uid}`,
  );
  return `${command} && dhow system migrate`;
}

function overlappingOwner(machine: Machine, kind: SubordinateKind): string | undefined {
  const own = machine.ranges(kind);
  return machine
    .entries(kind)
    .filter(({ owner }) => owner !== machine.userName && owner !== String(machine.uid))
    .find((other) =>
      own.some((range) => other.start < range.start + range.size && range.start < other.start + other.size),
    )?.owner;
}
