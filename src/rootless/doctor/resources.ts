import { DhowError } from "../../errors.ts";
import { asRoot, type Check, degraded, type Finding, type Machine, missing, ok } from "./check.ts";
import { installLine } from "./packages.ts";

/** Network, storage, folders and limits. */
export const resourceChecks: readonly Check[] = [
  {
    id: "network",
    title: "container network",
    why: "pasta (or slirp4netns) connects a container to the world without root, through /dev/net/tun.",
    examine: examineNetwork,
  },
  {
    id: "overlay",
    title: "kernel overlay",
    why: "It puts a container's root filesystem together from layers at once and without copies.",
    examine: examineOverlay,
  },
  {
    id: "fuse-overlayfs",
    title: "fuse-overlayfs",
    why: "It stands in where the kernel does not let users mount overlays; without both, every container is a full copy.",
    examine: examineFuse,
  },
  {
    id: "data-folder",
    title: "data folder",
    why: "Images, layers and containers are kept there.",
    examine: examineDataFolder,
  },
  {
    id: "run-folder",
    title: "run folder",
    why: "Sockets and pid files of running containers are kept there; nobody else may write to it.",
    examine: (machine) => attempt(() => ok(machine.runFolder())),
  },
  {
    id: "cgroups",
    title: "cgroups",
    why: "Limits as --memory and --cpus need cgroup v2 and its controllers in your hands.",
    examine: examineCgroups,
  },
  {
    id: "lingering",
    title: "lingering",
    why: "Without it, systemd may end your containers when you log out.",
    examine: examineLingering,
  },
  {
    id: "seccomp",
    title: "seccomp",
    why: "It keeps containers away from system calls that they have no business with.",
    examine: ({ read }) =>
      /^Seccomp:/m.test(read("/proc/self/status") ?? "")
        ? ok("the kernel has it")
        : degraded("this kernel was built without it"),
  },
];

/** A folder that cannot be had is found missing. */
function attempt(examine: () => Finding): Finding {
  try {
    return examine();
  } catch (error) {
    const fix = "export HOME=/a/folder/that/you/own   # or XDG_DATA_HOME";
    if (!(error instanceof DhowError)) return missing((error as Error).message, fix);
    return missing(error.message, error.hint ?? fix);
  }
}

function examineNetwork(machine: Machine): Finding {
  const program = ["pasta", "slirp4netns"].find((name) => machine.find(name) !== undefined);
  if (program === undefined) {
    return degraded("neither is installed; only --network none and --network host work", installLine(machine, "pasta"));
  }
  const device = "/dev/net/tun";
  if (!machine.exists(device))
    return degraded(
      `${device} does not exist; only --network none and --network host work`,
      asRoot(machine, "modprobe tun"),
    );
  if (!machine.isUsable(device)) {
    return degraded(
      `${device} is closed to you; only --network none and --network host work`,
      asRoot(machine, `chmod 0666 ${device}`),
    );
  }
  return program === "pasta"
    ? ok("pasta")
    : degraded("slirp4netns, which is slower than pasta", installLine(machine, "pasta"));
}

function examineOverlay(machine: Machine): Finding {
  const failure = attempt(() => {
    const reason = machine.tryOverlay();
    return reason === undefined ? ok("works in your data folder") : degraded(`not in your data folder: ${reason}`);
  });
  if (failure.status === "OK") return failure;
  return degraded(
    failure.detail,
    "needs Linux 5.11 or newer and a data folder on a local disk (ext4, xfs, btrfs); else fuse-overlayfs is used",
  );
}

function examineFuse(machine: Machine): Finding {
  if (machine.find("fuse-overlayfs") === undefined)
    return degraded("not installed", installLine(machine, "fuse-overlayfs"));
  if (!machine.exists("/dev/fuse")) return degraded("/dev/fuse does not exist", asRoot(machine, "modprobe fuse"));
  if (!machine.isUsable("/dev/fuse"))
    return degraded("/dev/fuse is closed to you", asRoot(machine, "chmod 0666 /dev/fuse"));
  return ok("installed");
}

const remoteTypes = ["nfs", "nfs4", "cifs", "smb3", "9p", "afs", "ceph", "lustre", "gpfs"];

function examineDataFolder(machine: Machine): Finding {
  return attempt(() => {
    const path = machine.dataFolder();
    const { type, options } = machine.mountOf(path);
    const elsewhere = "export XDG_DATA_HOME=/a/folder/on/a/local/disk";
    if (options.includes("noexec"))
      return missing(`${path} is mounted noexec: no program of an image can start`, elsewhere);
    if (options.includes("ro")) return missing(`${path} is mounted read-only`, elsewhere);
    if (remoteTypes.includes(type))
      return degraded(`${path} is on ${type}, which is slow and knows no other owners of files`, elsewhere);
    if (options.includes("nosuid"))
      return degraded(`${path} is mounted nosuid: sudo and the like do not work in containers`, elsewhere);
    return ok(`${path} (${type})`);
  });
}

const wantedControllers = ["cpu", "memory", "pids"];

function examineCgroups(machine: Machine): Finding {
  const { version, manager, reason, controllers } = machine.cgroups();
  if (version !== "v2") {
    return degraded(`${version === "v1" ? "v1 only" : "hybrid"}: containers run without limits`, unification(machine));
  }
  if (manager === "disabled") {
    return degraded(
      `${reason}: containers run without limits`,
      "log in through a session that systemd manages (ssh, or machinectl shell), not through su or sudo",
    );
  }
  const absent = wantedControllers.filter((name) => !controllers.includes(name));
  if (absent.length === 0) return ok(`${manager}, with ${controllers.join(", ")}`);
  return degraded(`${manager}, but without ${absent.join(", ")}: such limits do not work`, delegation(machine));
}

function unification(machine: Machine): string {
  return machine.exists("/run/systemd/system")
    ? "boot the kernel with the parameter systemd.unified_cgroup_hierarchy=1"
    : "boot the kernel with the parameter cgroup_no_v1=all, and mount cgroup2 at /sys/fs/cgroup";
}

function delegation(machine: Machine): string {
  const file = "/etc/systemd/system/user@.service.d/delegate.conf";
  return `printf '[Service]\\nDelegate=cpu cpuset io memory pids\\n' | ${asRoot(machine, `install -D -m 644 /dev/stdin ${file}`)} && ${asRoot(machine, "systemctl daemon-reload")}   # then log in again`;
}

function examineLingering(machine: Machine): Finding {
  if (!machine.exists("/run/systemd/system")) return ok("not needed: systemd does not run here");
  if (machine.uid === 0) return ok("not needed by root");
  const name = machine.userName ?? String(machine.uid);
  if (machine.exists(`/var/lib/systemd/linger/${name}`)) return ok("enabled");
  return degraded("not enabled", asRoot(machine, `loginctl enable-linger ${name}`));
}
