import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DhowError } from "../../../src/errors.ts";
import type { CgroupSupport } from "../../../src/rootless/cgroup.ts";
import type { Machine } from "../../../src/rootless/doctor/check.ts";
import { canRunContainers, examineMachine } from "../../../src/rootless/doctor/examine.ts";
import {
  installLine,
  type PackageManager,
  packageManagerOf,
  packageOf,
} from "../../../src/rootless/doctor/packages.ts";

const range = [{ start: 100000, size: 65536 }];
const cgroups: CgroupSupport = {
  version: "v2",
  manager: "systemd",
  reason: "",
  parent: undefined,
  controllers: ["cpu", "memory", "pids"],
};

/** Files by which other engines mark their containers. */
const outerMarkers = ["/.dockerenv", "/run/.containerenv"];

/** A machine that has everything. */
function machine(change: Partial<Machine> = {}): Machine {
  return {
    uid: 1000,
    userName: "alice",
    packageManager: "apt",
    node: { version: "24.21.0", path: "/usr/bin/node" },
    find: (program) => `/usr/bin/${program}`,
    firstLine: () => "version 1",
    read: (path) => (path === "/proc/self/status" ? "NoNewPrivs:\t0\nSeccomp:\t0\n" : undefined),
    exists: (path) => !outerMarkers.includes(path),
    isUsable: () => true,
    isPrivileged: () => true,
    obstacle: () => undefined,
    ranges: () => range,
    entries: () => [{ owner: "alice", start: 100000, size: 65536 }],
    cgroups: () => cgroups,
    tryNamespace: async () => ({ ids: 65537 }),
    currentIds: () => undefined,
    tryOverlay: () => undefined,
    dataFolder: () => "/home/alice/.local/share/dhow",
    runFolder: () => "/run/user/1000/dhow",
    mountOf: () => ({ type: "ext4", options: ["rw", "relatime"] }),
    loadSystemCalls: () => {},
    ...change,
  };
}

const without = (...programs: string[]) => ({
  find: (program: string) => (programs.includes(program) ? undefined : `/usr/bin/${program}`),
});
const notThere = (path: string) => ({ exists: (asked: string) => asked !== path && !outerMarkers.includes(asked) });

async function find(id: string, change: Partial<Machine>) {
  const diagnoses = await examineMachine(machine(change));
  return diagnoses.find((diagnosis) => diagnosis.id === id);
}

describe("examineMachine()", () => {
  it("finds nothing wrong with a machine that has everything", async () => {
    const diagnoses = await examineMachine(machine());
    expect(diagnoses.filter(({ status }) => status !== "OK")).toEqual([]);
    expect(canRunContainers(diagnoses)).toBe(true);
    for (const { title, why, fix } of diagnoses) {
      expect(why, title).toMatch(/^\S.*\.$/);
      expect(fix).toBeUndefined();
    }
  });

  it.each<[string, Partial<Machine>, RegExp, RegExp]>([
    [
      "user-namespaces",
      { tryNamespace: async () => ({ failure: "unshare: Operation not permitted" }) },
      /not permitted/,
      /^$/,
    ],
    [
      "user-namespaces",
      { tryNamespace: async () => ({ failure: "x" }), obstacle: () => ({ reason: "switched off", fix: "sysctl x=1" }) },
      /switched off/,
      /sysctl x=1/,
    ],
    ["user-namespaces", { tryNamespace: async () => ({ failure: "x" }), exists: () => true }, /x/, /outer container/],
    ["runtime", without("crun", "runc"), /neither/, /sudo apt-get install -y crun/],
    ["conmon", { ...without("conmon"), uid: 0 }, /not installed/, /^apt-get install -y conmon$/],
    ["util-linux", without("nsenter", "mount"), /nsenter, mount/, /apt-get install -y util-linux mount$/],
    [
      "system-calls",
      {
        loadSystemCalls: () => {
          throw new DhowError("no koffi", { kind: "unavailable" });
        },
      },
      /no koffi/,
      /npm install/,
    ],
    ["data-folder", { mountOf: () => ({ type: "ext4", options: ["noexec"] }) }, /noexec/, /XDG_DATA_HOME/],
    ["data-folder", { mountOf: () => ({ type: "ext4", options: ["ro"] }) }, /read-only/, /XDG_DATA_HOME/],
    [
      "data-folder",
      {
        dataFolder: () => {
          throw new Error("EACCES: permission denied");
        },
      },
      /EACCES/,
      /HOME/,
    ],
    [
      "run-folder",
      {
        runFolder: () => {
          throw new DhowError("cannot use /tmp/dhow-1000", { kind: "permission-denied", hint: "remove it" });
        },
      },
      /cannot use/,
      /remove it/,
    ],
  ])("%s can be missing: containers cannot run", async (id, change, detail, fix) => {
    const diagnosis = await find(id, change);
    expect(diagnosis).toMatchObject({ status: "missing" });
    expect(diagnosis?.detail).toMatch(detail);
    expect(diagnosis?.fix ?? "").toMatch(fix);
    expect(canRunContainers(await examineMachine(machine(change)))).toBe(false);
  });

  it.each<[string, Partial<Machine>, RegExp, RegExp]>([
    ["id-mappers", without("newuidmap"), /not installed/, /install -y uidmap/],
    ["id-mappers", { isPrivileged: () => false }, /without root's rights/, /chmod u\+s \/usr\/bin\/newuidmap/],
    ["id-mappers", { read: () => "NoNewPrivs:\t1\nSeccomp:\t0\n" }, /no_new_privs/, /session/],
    [
      "subordinate-ids",
      { ranges: () => [] },
      /none for alice/,
      /usermod --add-subuids 165536-231071 --add-subgids 165536-231071 alice/,
    ],
    ["subordinate-ids", { ranges: () => [{ start: 100000, size: 1000 }] }, /only 1000/, /usermod/],
    [
      "subordinate-ids",
      { entries: () => [{ owner: "bob", start: 120000, size: 65536 }] },
      /to bob as well/,
      /no ranges overlap/,
    ],
    ["subordinate-ids", { currentIds: () => 1 }, /fewer: 1/, /dhow system migrate/],
    ["network", without("pasta", "slirp4netns"), /neither/, /install -y passt/],
    ["network", without("pasta"), /slower/, /install -y passt/],
    ["network", notThere("/dev/net/tun"), /does not exist/, /modprobe tun/],
    ["network", { isUsable: (path) => path !== "/dev/net/tun" }, /closed/, /chmod 0666 \/dev\/net\/tun/],
    ["overlay", { tryOverlay: () => "mount: permission denied" }, /permission denied/, /5\.11/],
    ["fuse-overlayfs", without("fuse-overlayfs"), /not installed/, /install/],
    ["fuse-overlayfs", notThere("/dev/fuse"), /does not exist/, /modprobe fuse/],
    ["fuse-overlayfs", { isUsable: (path) => path !== "/dev/fuse" }, /closed/, /chmod/],
    ["catatonit", without("catatonit"), /not installed/, /install/],
    ["netavark", without("aardvark-dns"), /aardvark-dns not/, /aardvark-dns/],
    ["netavark", without("iptables", "nft"), /iptables, nft not/, /install -y iptables nftables/],
    ["data-folder", { mountOf: () => ({ type: "nfs4", options: [] }) }, /nfs4/, /local/],
    ["data-folder", { mountOf: () => ({ type: "ext4", options: ["nosuid"] }) }, /nosuid/, /XDG_DATA_HOME/],
    ["cgroups", { cgroups: () => ({ ...cgroups, version: "hybrid" }) }, /hybrid/, /unified_cgroup_hierarchy/],
    [
      "cgroups",
      { cgroups: () => ({ ...cgroups, version: "v1" }), ...notThere("/run/systemd/system") },
      /v1/,
      /cgroup_no_v1/,
    ],
    ["cgroups", { cgroups: () => ({ ...cgroups, manager: "disabled", reason: "no systemd" }) }, /no systemd/, /log in/],
    ["cgroups", { cgroups: () => ({ ...cgroups, controllers: ["pids"] }) }, /without cpu, memory/, /Delegate=/],
    ["lingering", notThere("/var/lib/systemd/linger/alice"), /not enabled/, /loginctl enable-linger alice/],
    ["seccomp", { read: () => "" }, /without it/, /^$/],
  ])("%s can be degraded: containers run all the same", async (id, change, detail, fix) => {
    const diagnosis = await find(id, change);
    expect(diagnosis).toMatchObject({ status: "degraded" });
    expect(diagnosis?.detail).toMatch(detail);
    expect(diagnosis?.fix ?? "").toMatch(fix);
    expect(canRunContainers(await examineMachine(machine(change)))).toBe(true);
  });

  it("asks less of root", async () => {
    const root = {
      uid: 0,
      userName: "root",
      ranges: () => [],
      ...without("newuidmap", "newgidmap"),
      ...notThere("/var/lib/systemd/linger/root"),
    };
    for (const id of ["id-mappers", "subordinate-ids", "lingering"])
      expect(await find(id, root)).toMatchObject({ status: "OK" });
  });
});

describe("packageManagerOf()", () => {
  it.each([
    ["ID=debian\n", "apt"],
    ['ID=linuxmint\nID_LIKE="ubuntu debian"\n', "apt"],
    ['NAME="Rocky Linux"\nID="rocky"\nID_LIKE="rhel centos fedora"\n', "dnf"],
    ["ID=alpine\n", "apk"],
    ["ID=manjaro\nID_LIKE=arch\n", "pacman"],
    ['ID="opensuse-leap"\nID_LIKE="suse opensuse"\n', "zypper"],
    ["ID=nixos\n", undefined],
    [undefined, undefined],
  ])("reads %j", (text, expected) => expect(packageManagerOf(text)).toBe(expected));
});

describe("installLine()", () => {
  it("names packages as the distribution does", () => {
    expect(installLine({ uid: 1, packageManager: "dnf" }, "newuidmap", "pasta")).toBe(
      "sudo dnf install -y shadow-utils passt",
    );
    expect(installLine({ uid: 0, packageManager: undefined }, "crun", "conmon")).toBe(
      "install crun and conmon with the package manager of this system",
    );
  });

  it("says the same as scripts/install-system-packages", () => {
    const script = readFileSync(join(import.meta.dirname, "../../../scripts/install-system-packages"), "utf8");
    const managers: PackageManager[] = ["apt", "dnf", "apk", "pacman", "zypper"];
    const rows = [...script.matchAll(/^(\S+) +(?:required|optional) +\S+ +(\S+) +(\S+) +(\S+) +(\S+) +(\S+)$/gm)];
    const known = rows.filter(([, need]) => need !== "busybox" && need !== "certificates");
    expect(known.length).toBeGreaterThan(8);
    for (const [, need = "", ...packages] of known) {
      expect([need, ...managers.map((manager) => packageOf(need, manager))]).toEqual([need, ...packages]);
    }
  });
});
