import { describe, expect, it } from "vitest";
import { generateSpec, serializeSpec } from "../../../src/container/spec/generate.ts";
import { inputOf, plainHost } from "./input.ts";

const specOf = (argv: readonly string[], changes: Parameters<typeof inputOf>[1] = {}) =>
  generateSpec(inputOf(argv, changes));
const mountAt = (spec: ReturnType<typeof specOf>, destination: string) =>
  spec.mounts.filter((mount) => mount.destination === destination);

const defaultCapabilities = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FOWNER",
  "CAP_FSETID",
  "CAP_KILL",
  "CAP_NET_BIND_SERVICE",
  "CAP_SETFCAP",
  "CAP_SETGID",
  "CAP_SETPCAP",
  "CAP_SETUID",
  "CAP_SYS_CHROOT",
];
const someone = { uid: 1000, gid: 1000, additionalGids: [], home: "/home/x", known: true };

describe("capabilities", () => {
  it("are podman's default for root, without inheritable and ambient ones", () => {
    const { capabilities } = specOf([]).process;
    expect(capabilities).toEqual({
      bounding: defaultCapabilities,
      effective: defaultCapabilities,
      permitted: defaultCapabilities,
      inheritable: [],
      ambient: [],
    });
  });
  it("are only the added ones for another user, ambient", () => {
    const { capabilities } = specOf(["--cap-add", "net_raw"], { user: someone }).process;
    expect(capabilities.bounding).toEqual([...defaultCapabilities, "CAP_NET_RAW"].sort());
    for (const set of ["effective", "permitted", "inheritable", "ambient"] as const) {
      expect(capabilities[set]).toEqual(["CAP_NET_RAW"]);
    }
  });
  it("are all that the kernel has for privileged containers", () => {
    const { bounding } = specOf(["--privileged"], { host: { ...plainHost, lastCapability: 37 } }).process.capabilities;
    expect(bounding).toHaveLength(38);
    expect(bounding).not.toContain("CAP_BPF");
  });
  it("can be dropped one by one or all", () => {
    expect(specOf(["--cap-drop", "CHOWN"]).process.capabilities.bounding).not.toContain("CAP_CHOWN");
    expect(specOf(["--cap-drop", "all", "--cap-add", "kill"]).process.capabilities.bounding).toEqual(["CAP_KILL"]);
    expect(specOf(["--cap-add", "ALL", "--cap-drop", "kill"]).process.capabilities.bounding).toHaveLength(40);
  });
});

describe("process", () => {
  it("has HOME and HOSTNAME unless they are set", () => {
    expect(specOf([]).process.env).toEqual(expect.arrayContaining(["HOME=/root", "HOSTNAME=0123456789ab"]));
    const own = specOf(["-e", "HOME=/x", "-h", "me"]).process.env;
    expect(own.filter((entry) => /^HO/.test(entry))).toEqual(["HOME=/x", "HOSTNAME=me"]);
  });
  it("has no more variables than the runtime gets through", () => {
    const flags = Array.from({ length: 10_000 }, (_, index) => `--env=V${index}=x`);
    expect(() => specOf(flags)).toThrow(
      "cannot run with an environment of 10004 variables: at most 10000 are possible",
    );
  });
  it("is run by the init program if there is one", () => {
    const spec = specOf(["--init"], { initBinary: "/usr/bin/catatonit" });
    expect(spec.process.args).toEqual(["/run/dhow-init", "--", "sh"]);
    expect(mountAt(spec, "/run/dhow-init")).toMatchObject([
      { source: "/usr/bin/catatonit", options: expect.arrayContaining(["ro"]) },
    ]);
  });
  it("cannot be more exposed to the memory killer than dhow, and is not touched by default", () => {
    expect(specOf([]).process).not.toHaveProperty("oomScoreAdj");
    expect(specOf(["--oom-score-adj", "-500"]).process.oomScoreAdj).toBe(100);
    expect(specOf(["--oom-score-adj", "500"]).process.oomScoreAdj).toBe(500);
  });
  it("drops groups that are not mapped, and all of them with a single id", () => {
    const user = { ...someone, additionalGids: [5, 70_000] };
    expect(specOf([], { user }).process.user.additionalGids).toEqual([5]);
    const root = { ...user, uid: 0, gid: 0 };
    const host = { ...plainHost, mappedUsers: 1, mappedGroups: 1 };
    expect(specOf([], { user: root, host }).process.user.additionalGids).toEqual([]);
  });
  it("refuses users that are not mapped", () => {
    expect(() => specOf([], { user: { ...someone, uid: 70_000 } })).toThrow(
      "cannot run as user id 70000: your containers have the ids 0 to 65536",
    );
    expect(() => specOf([], { user: someone, host: { ...plainHost, mappedUsers: 1 } })).toThrow(
      "your containers have a single id",
    );
  });
  it("has a umask as number", () => {
    expect(specOf(["--umask", "0027"]).process.user.umask).toBe(0o27);
  });
});

describe("limits", () => {
  it("never exceed what this process may set", () => {
    expect(specOf([]).process.rlimits).toEqual([
      { type: "RLIMIT_NOFILE", soft: 4096, hard: 4096 },
      { type: "RLIMIT_NPROC", soft: 1_048_576, hard: 1_048_576 },
    ]);
    const { rlimits } = specOf(["--ulimit", "nofile=100:-1", "--ulimit", "core=-1"]).process;
    expect(rlimits).toContainEqual({ type: "RLIMIT_NOFILE", soft: 100, hard: 4096 });
    expect(rlimits).toContainEqual({ type: "RLIMIT_CORE", soft: -1, hard: -1 });
  });
  it("are the caller's with --ulimit host", () => {
    expect(specOf(["--ulimit", "host"]).process.rlimits).toEqual([]);
  });
  it("are written as 64-bit numbers when unlimited, and nothing else is touched", () => {
    const text = serializeSpec(specOf(["--ulimit", "core=-1", "-e", 'X="soft":-1,', "-e", 'Y={"hard":-1}']));
    expect(text).toContain('{"type":"RLIMIT_CORE","soft":18446744073709551615,"hard":18446744073709551615}');
    expect(JSON.parse(text).process.env).toEqual(expect.arrayContaining(['X="soft":-1,', 'Y={"hard":-1}']));
  });
});

describe("namespaces", () => {
  const typesOf = (spec: ReturnType<typeof specOf>) =>
    spec.linux.namespaces.map(({ type, path }) => (path ? `${type}=${path}` : type)).sort();
  it("are all new by default", () => {
    expect(typesOf(specOf([]))).toEqual(["cgroup", "ipc", "mount", "network", "pid", "uts"]);
  });
  it("leave out the host's, with its name and its files", () => {
    const spec = specOf(["--pid", "host", "--ipc", "host", "--uts", "host", "--network", "host"], {
      network: { kind: "host" },
    });
    expect(typesOf(spec)).toEqual(["cgroup", "mount"]);
    expect(spec).not.toHaveProperty("hostname");
    expect(mountAt(spec, "/proc")).toMatchObject([{ type: "bind", source: "/proc" }]);
    expect(mountAt(spec, "/sys")).toMatchObject([{ type: "bind", options: expect.arrayContaining(["rbind", "ro"]) }]);
    expect(mountAt(spec, "/dev/mqueue")).toMatchObject([{ type: "bind" }]);
    expect(mountAt(spec, "/dev/shm")).toMatchObject([{ type: "bind", source: "/dev/shm" }]);
    expect(spec.linux.maskedPaths).toContain("/sys/kernel");
  });
  it("join others by path", () => {
    const spec = specOf(["--pid", "container:a", "--ipc", "container:a"], {
      network: { kind: "path", path: "/run/netns" },
      joined: { pid: "/proc/7/ns/pid", ipc: "/proc/7/ns/ipc" },
      sharedMemory: "/s",
    });
    expect(typesOf(spec)).toEqual([
      "cgroup",
      "ipc=/proc/7/ns/ipc",
      "mount",
      "network=/run/netns",
      "pid=/proc/7/ns/pid",
      "uts",
    ]);
    expect(mountAt(spec, "/dev/shm")).toMatchObject([{ type: "bind", source: "/s" }]);
  });
});

it("maps ids in pieces that the kernel takes", () => {
  const piece = (containerID: number, hostID: number, size: number) => ({ containerID, hostID, size });
  expect(specOf(["--uidmap", "0:0:10", "--gidmap", "0:1:10"]).linux).toMatchObject({
    uidMappings: [piece(0, 0, 1), piece(1, 1, 9)],
    gidMappings: [piece(0, 1, 10)],
  });
});

describe("mounts", () => {
  it("come parents first, the user's in place of the usual ones", () => {
    const spec = specOf(["-v", "/etc:/run", "--tmpfs", "/dev/shm", "-v", "/etc:/etc/hosts", "--read-only"]);
    const destinations = spec.mounts.map(({ destination }) => destination);
    expect(destinations.indexOf("/run")).toBeLessThan(destinations.indexOf("/run/.containerenv"));
    expect(new Set(destinations).size).toBe(destinations.length);
    expect(mountAt(spec, "/run")).toMatchObject([{ type: "bind", source: "/etc" }]);
    expect(mountAt(spec, "/etc/hosts")).toMatchObject([{ source: "/etc" }]);
    expect(mountAt(spec, "/tmp")).toMatchObject([{ type: "tmpfs" }]);
  });
  it("gives the user's /dev without ours in it", () => {
    const spec = specOf(["-v", "/etc:/dev"]);
    expect(spec.mounts.filter(({ destination }) => destination.startsWith("/dev/"))).toEqual([]);
  });
  it("has a group for terminals only if it is mapped", () => {
    const options = (mappedGroups: number) =>
      mountAt(specOf([], { host: { ...plainHost, mappedGroups } }), "/dev/pts")[0]?.options;
    expect(options(65_537)).toContain("gid=5");
    expect(options(1)).not.toContain("gid=5");
  });
  it("leaves out files that are not given", () => {
    const files = {
      hosts: undefined,
      resolvConf: undefined,
      hostname: undefined,
      containerenv: undefined,
      localtime: undefined,
    };
    expect(specOf([], { files }).mounts.filter(({ destination }) => /^\/(etc|run)/.test(destination))).toEqual([]);
  });
  it("binds devices", () => {
    const spec = specOf(["--device", "/dev/fuse:/dev/f:r", "--privileged"], { hostDevices: ["/dev/x"] });
    expect(mountAt(spec, "/dev/f")).toEqual([
      {
        destination: "/dev/f",
        type: "bind",
        source: "/dev/fuse",
        options: ["slave", "nosuid", "noexec", "ro", "rbind"],
      },
    ]);
    expect(mountAt(spec, "/dev/x")).toHaveLength(1);
  });
});

describe("kernel paths", () => {
  it("are masked, and unmasked one by one, by pattern or all", () => {
    const { maskedPaths, readonlyPaths } = specOf([]).linux;
    expect(maskedPaths).toEqual(expect.arrayContaining(["/proc/kcore", "/proc/keys", "/sys/firmware"]));
    expect(readonlyPaths).toContain("/proc/sys");
    expect(specOf(["--security-opt", "unmask=/proc/kcore"]).linux.maskedPaths).not.toContain("/proc/kcore");
    expect(specOf(["--security-opt", "unmask=/proc/*"]).linux.readonlyPaths).toEqual([]);
    expect(specOf(["--security-opt", "unmask=all", "--security-opt", "mask=/x"]).linux.maskedPaths).toEqual(["/x"]);
  });
  it("are open for privileged containers", () => {
    expect(specOf(["--privileged"]).linux).toMatchObject({ maskedPaths: [], readonlyPaths: [] });
  });
});

describe("a container for systemd", () => {
  it("has places to write to, its id and a writable cgroup", () => {
    const { mounts, process } = generateSpec(inputOf(["--systemd=always", "--shm-size-systemd=1m"]));
    const at = (path: string) => mounts.find(({ destination }) => destination === path);
    for (const path of ["/run", "/run/lock", "/tmp", "/var/log/journal"]) {
      expect(at(path)).toMatchObject({ type: "tmpfs", options: expect.arrayContaining(["tmpcopyup", "size=1048576"]) });
    }
    expect(at("/sys/fs/cgroup")?.options).toContain("rw");
    expect(process.env).toContain("container_uuid=0123456789abcdef0123456789abcdef");
  });
});

describe("--chrootdirs", () => {
  it("shows the container's files there too", () => {
    const { mounts } = generateSpec(inputOf(["--chrootdirs", "/srv/a/,/b"]));
    const hosts = mounts.filter(({ source }) => source === "/f/hosts").map(({ destination }) => destination);
    expect(hosts).toEqual(["/etc/hosts", "/b/etc/hosts", "/srv/a/etc/hosts"]);
  });
});
