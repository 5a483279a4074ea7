import { describe, expect, it } from "vitest";
import { type CgroupProbes, cgroupEntry, cgroupsPathOf, chooseCgroupManager } from "../../src/rootless/cgroup.ts";
import { scopeCommand } from "../../src/rootless/scope.ts";

interface Machine {
  readonly self: string;
  readonly files?: Record<string, string>;
  readonly sockets?: readonly string[];
  readonly writable?: readonly string[];
  readonly runtimeDirectory?: string;
}

function probes({ self, files = {}, sockets = [], writable = [], runtimeDirectory }: Machine): CgroupProbes {
  const all: Record<string, string> = { "/proc/self/cgroup": self, ...files };
  return {
    uid: 1000,
    busAddress: undefined,
    runtimeDirectory,
    read: (path) => all[path],
    isSocket: (path) => sockets.includes(path),
    isWritable: (path) => writable.includes(path),
  };
}

const folder = (path: string) =>
  ["", "/cgroup.procs", "/cgroup.subtree_control"].map((name) => `/sys/fs/cgroup${path}${name}`);

const session = {
  self: "0::/user.slice/user-1000.slice/session-1.scope\n",
  files: {
    "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/cgroup.controllers": "cpu memory pids\n",
  },
  sockets: ["/run/user/1000/bus", "/run/user/1000/systemd/private"],
  runtimeDirectory: "/run/user/1000",
};
const delegated = {
  self: "0::/ci/job/step\n",
  files: { "/sys/fs/cgroup/ci/job/cgroup.controllers": "memory\n" },
  writable: [...folder("/ci/job/step"), ...folder("/ci/job")],
};

describe("chooseCgroupManager()", () => {
  it("takes systemd when the user has one", () => {
    expect(chooseCgroupManager(undefined, probes(session))).toMatchObject({
      version: "v2",
      manager: "systemd",
      controllers: ["cpu", "memory", "pids"],
    });
  });

  it("takes the highest cgroup that is the user's", () => {
    expect(chooseCgroupManager(undefined, probes(delegated))).toMatchObject({
      manager: "cgroupfs",
      parent: "/ci/job",
      controllers: ["memory"],
    });
    expect(chooseCgroupManager(undefined, probes({ self: "0::/\n", writable: folder("") })).parent).toBe("/");
  });

  it.each<[string, Machine, string]>([
    ["hybrid", { self: "4:memory:/x\n1:name=systemd:/\n0::/\n", writable: folder("") }, "hybrid"],
    ["v1", { self: "4:memory:/x\n", writable: folder("") }, "v1"],
    ["v2 without a cgroup of the user's", { self: "0::/system.slice/cron.service\n" }, "v2"],
    ["v2 with a systemd that the environment does not lead to", { self: session.self, sockets: session.sockets }, "v2"],
    [
      "v2 with a bus but no systemd",
      { self: "0::/x\n", sockets: ["/run/user/1000/bus"], runtimeDirectory: "/run/user/1000" },
      "v2",
    ],
  ])("disables cgroups on %s", (_, machine, version) => {
    expect(chooseCgroupManager(undefined, probes(machine))).toMatchObject({ manager: "disabled", version });
  });

  it("honours the user's choice where it can work", () => {
    expect(chooseCgroupManager("disabled", probes(session)).manager).toBe("disabled");
    expect(chooseCgroupManager("cgroupfs", probes(session)).manager).toBe("disabled");
    expect(
      chooseCgroupManager("cgroupfs", probes({ ...session, ...delegated, sockets: session.sockets })).manager,
    ).toBe("cgroupfs");
    expect(chooseCgroupManager("systemd", probes(delegated)).manager).toBe("cgroupfs");
    expect(() => chooseCgroupManager("magic", probes(session))).toThrow('cgroup manager "magic" is not known');
  });
});

describe("cgroupsPathOf()", () => {
  it("speaks the manager's language", () => {
    expect(cgroupsPathOf({ manager: "systemd", parent: undefined }, "abc")).toBe("user.slice:dhow:abc");
    expect(cgroupsPathOf({ manager: "cgroupfs", parent: "/ci/job" }, "abc")).toBe("/ci/job/dhow-abc");
    expect(cgroupsPathOf({ manager: "cgroupfs", parent: "/" }, "abc")).toBe("/dhow-abc");
    expect(cgroupsPathOf({ manager: "disabled", parent: undefined }, "abc")).toBeUndefined();
  });
  it.each([
    { wanted: "jobs/night", expected: "/ci/job/jobs/night/dhow-abc" },
    { wanted: "/jobs", expected: "/ci/job/jobs/dhow-abc" },
    { wanted: "/ci/job/jobs/", expected: "/ci/job/jobs/dhow-abc" },
    { wanted: "/ci/job", expected: "/ci/job/dhow-abc" },
    { wanted: "/ci/jobs", expected: "/ci/job/ci/jobs/dhow-abc" },
  ])("puts $wanted into the user's own cgroup", ({ wanted, expected }) => {
    expect(cgroupsPathOf({ manager: "cgroupfs", parent: "/ci/job" }, "abc", { wanted })).toBe(expected);
  });
  it("puts the containers of a pod together", () => {
    const systemd = { manager: "systemd", parent: undefined } as const;
    expect(cgroupsPathOf(systemd, "abc", { podId: "1f" })).toBe("user-dhow_pod_1f.slice:dhow:abc");
    const place = { wanted: "jobs", podId: "1f" };
    expect(cgroupsPathOf({ manager: "cgroupfs", parent: "/ci" }, "abc", place)).toBe("/ci/jobs/dhow-pod-1f/dhow-abc");
  });
  it("takes slices for systemd, and lets nothing lead out of the user's cgroup", () => {
    const systemd = { manager: "systemd", parent: undefined } as const;
    expect(cgroupsPathOf(systemd, "abc", { wanted: "user-builds.slice" })).toBe("user-builds.slice:dhow:abc");
    expect(() => cgroupsPathOf(systemd, "abc", { wanted: "/jobs" })).toThrow(
      "did not receive systemd slice as cgroup parent",
    );
    expect(() => cgroupsPathOf({ manager: "cgroupfs", parent: "/ci" }, "abc", { wanted: "a/../../b" })).toThrow(
      "leads out of",
    );
  });
});

describe("cgroupEntry()", () => {
  const service = { self: "0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope\n" };

  it("goes through systemd-run only from outside of the user's services", () => {
    expect(cgroupEntry("systemd", probes(session))[0]).toBe("systemd-run");
    expect(cgroupEntry("systemd", probes(service))).toEqual([]);
    expect(cgroupEntry("cgroupfs", probes(session))).toEqual([]);
    expect(cgroupEntry("disabled", probes(session))).toEqual([]);
  });
});

describe("scopeCommand()", () => {
  it("moves the pause process out of a login session, where systemd can", () => {
    expect(scopeCommand(4711, probes(session))?.join(" ")).toMatch(
      /^busctl --user .*StartTransientUnit ssa\(sv\)a\(sa\(sv\)\) dhow-pause-4711\.scope fail 2 PIDs au 1 4711 /,
    );
    const service = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope\n";
    expect(scopeCommand(4711, probes({ ...session, self: service }))).toBeUndefined();
    expect(scopeCommand(4711, probes({ ...session, sockets: [] }))).toBeUndefined();
  });
});
