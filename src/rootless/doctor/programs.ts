import { type Check, degraded, type Finding, type Machine, missing, ok } from "./check.ts";
import { installLine } from "./packages.ts";

/** The programs that dhow drives. */
export const programChecks: readonly Check[] = [
  {
    id: "node",
    title: "Node.js",
    why: "It runs dhow: the one that comes along, or one of version 22.19 or newer.",
    examine: ({ node }) => ok(`${node.version} (${node.path})`),
  },
  {
    id: "system-calls",
    title: "system calls",
    why: "Attaching to a container and unpacking device nodes need system calls that Node.js lacks; the npm package koffi makes them.",
    examine(machine) {
      try {
        machine.loadSystemCalls();
        return ok("koffi works");
      } catch (error) {
        const fix = "npm install -g dhow   # with its dependencies, for this architecture";
        return missing(error instanceof Error ? error.message : String(error), fix);
      }
    },
  },
  {
    id: "runtime",
    title: "OCI runtime",
    why: "crun or runc makes the container out of namespaces, mounts and limits.",
    examine: examineRuntime,
  },
  program({
    id: "conmon",
    why: "It watches over each container, keeps its log and its exit code when dhow has ended.",
    status: "missing",
  }),
  {
    id: "util-linux",
    title: "util-linux",
    why: "It has nsenter, unshare, mount and flock, with which dhow makes and enters its namespaces.",
    examine(machine) {
      const absent = ["nsenter", "unshare", "mount", "flock"].filter((name) => machine.find(name) === undefined);
      if (absent.length === 0) return ok("nsenter, unshare, mount and flock are there");
      return missing(`${absent.join(", ")} not installed`, installLine(machine, ...absent));
    },
  },
  program({
    id: "catatonit",
    why: "It is the init process of --init, and the smallest process that can hold your namespaces (else sleep does).",
    status: "degraded",
  }),
  {
    id: "netavark",
    title: "netavark and aardvark-dns",
    why: "Networks of several containers, with names, need them; single containers do not.",
    examine(machine) {
      const isAbsent = (name: string) => machine.find(name) === undefined;
      const absent = ["netavark", "aardvark-dns", "ip"].filter(isAbsent);
      if (["iptables", "nft"].every(isAbsent)) absent.push("iptables", "nft");
      if (absent.length === 0)
        return ok(machine.firstLine([machine.find("netavark") ?? "netavark", "--version"]) || "installed");
      return degraded(`${absent.join(", ")} not installed`, installLine(machine, ...absent));
    },
  },
];

interface ProgramNeed {
  readonly id: string;
  readonly why: string;
  readonly status: "missing" | "degraded";
}

function program({ id, why, status }: ProgramNeed): Check {
  return {
    id,
    title: id,
    why,
    examine(machine) {
      const path = machine.find(id);
      if (path === undefined) return { status, detail: "not installed", fix: installLine(machine, id) };
      return ok(machine.firstLine([path, "--version"]) || path);
    },
  };
}

function examineRuntime(machine: Machine): Finding {
  const path = machine.find("crun") ?? machine.find("runc");
  if (path === undefined) return missing("neither crun nor runc is installed", installLine(machine, "crun"));
  const version = machine.firstLine([path, "--version"]) || path;
  if (machine.cgroups().version !== "hybrid") return ok(version);
  return ok(`${version}; cgroups are hybrid here, so it gets to see the v2 hierarchy alone`);
}
