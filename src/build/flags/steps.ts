import { invalid, splitList } from "../../container/config/values.ts";
import { getVariable } from "../../system/environment.ts";
import type { RunFlags, StepSettings } from "../request.ts";
import type { Changed, StepFlags } from "./flags.ts";
import { readSecrets, readSshSources } from "./secrets.ts";

/** @throws {DhowError} `invalid-argument`, `not-found`. */
export function readSteps(flags: StepFlags, changed: Changed): StepSettings {
  const isolation = readIsolation(flags.isolation ?? getVariable("BUILDAH_ISOLATION") ?? "");
  checkNetwork(flags, changed, isolation);
  if (flags.jobs < 0) throw invalid("--jobs cannot be negative");
  return {
    isolation,
    run: runFlagsOf(flags, changed),
    jobs: flags.jobs,
    secrets: readSecrets(flags.secret),
    ssh: readSshSources(flags.ssh),
    allows: readAllowed(flags.allow),
    compatVolumes: flags["compat-volumes"],
    skipsUnusedStages: flags["skip-unused-stages"],
  };
}

function readIsolation(text: string): StepSettings["isolation"] {
  const isolation = text.toLowerCase();
  if (isolation === "chroot") return "chroot";
  if (["", "oci", "rootless", "default"].includes(isolation)) return "oci";
  throw invalid(`unrecognized isolation type ${JSON.stringify(text)}`, "it is oci, rootless or chroot");
}

function checkNetwork(flags: StepFlags, changed: Changed, isolation: StepSettings["isolation"]): void {
  const { network } = flags;
  if (network === "none") {
    for (const name of ["dns", "dns-option", "dns-search"] as const) {
      if (changed(name)) throw invalid(`the --${name} option cannot be used with --network=none`);
    }
  }
  if (isolation === "chroot" && network !== undefined && network !== "host") {
    throw invalid("cannot set --network other than host with --isolation chroot");
  }
}

const passed = [
  ...(["add-host", "cap-add", "cap-drop", "cgroupns", "cpu-period", "cpu-quota", "cpu-shares", "cpuset-cpus"] as const),
  ...([
    "cpuset-mems",
    "device",
    "dns",
    "dns-option",
    "dns-search",
    "group-add",
    "ipc",
    "memory",
    "memory-swap",
  ] as const),
  ...(["no-hostname", "no-hosts", "pid", "security-opt", "shm-size", "ulimit", "userns", "uts", "volume"] as const),
];

/** Only what was given: the rest is as for containers. */
function runFlagsOf(flags: StepFlags, changed: Changed): RunFlags {
  const given = Object.fromEntries(passed.filter((name) => changed(name)).map((name) => [name, flags[name]]));
  const network = ["", "default"].includes(flags.network ?? "") ? undefined : flags.network;
  return {
    ...given,
    ...(network === undefined ? {} : { network: [network] }),
    ...(flags["userns-uid-map"].length > 0 ? { uidmap: flags["userns-uid-map"] } : {}),
    ...(flags["userns-gid-map"].length > 0 ? { gidmap: flags["userns-gid-map"] } : {}),
  };
}

const entitlements = ["network.host", "security.insecure", "device"] as const;

function readAllowed(texts: readonly string[]): StepSettings["allows"] {
  return new Set(
    splitList(texts).map((text) => {
      const found = entitlements.find((name) => name === text);
      if (found !== undefined) return found;
      throw invalid(`unknown entitlement ${JSON.stringify(text)} in --allow`, `known are ${entitlements.join(", ")}`);
    }),
  );
}
