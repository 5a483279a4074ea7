import { describe, expect, it } from "vitest";
import { type JoinedPod, parseShares } from "../../../src/container/config/pod.ts";
import { infraProgramPath } from "../../../src/container/infra.ts";
import { configOf, fakeCaller } from "./command-line.ts";

function joined(infraFlags: readonly string[] = [], change: Partial<JoinedPod["config"]> = {}): JoinedPod {
  return {
    id: "pod1",
    config: {
      labels: {},
      hostname: "",
      shares: ["ipc", "net", "uts"],
      infraId: "infra1",
      exitPolicy: "continue",
      restart: { policy: "no", maxRetries: 0 },
      sharesParent: true,
      createCommand: [],
      ...change,
    },
    infra: configOf([...infraFlags, "image"]),
    isRunning: false,
  };
}

function memberOf(pod: JoinedPod, argv: readonly string[] = []) {
  return configOf([...argv, "image"], { caller: fakeCaller({ pod }) });
}

const infra = { mode: "container", id: "infra1" };

describe("the configuration of a container in a pod", () => {
  it("joins the namespaces that the pod shares, and no others", () => {
    const config = memberOf(joined(["--hostname", "web"]));
    expect(config.pod).toEqual({ id: "pod1", role: "member", sharesCgroup: true });
    expect(config.network).toMatchObject({ mode: "container", containerId: "infra1", ports: [] });
    expect([config.ipcMode, config.utsMode, config.pidMode]).toEqual([infra, infra, { mode: "private" }]);
    expect(config.hostname).toBe("web");
  });

  it("keeps namespaces of its own where it asks for them, and joins others with `pod`", () => {
    const config = memberOf(joined(), ["--network", "none", "--ipc", "private", "--uts", "private", "--pid", "pod"]);
    expect(config.network).toMatchObject({ mode: "none" });
    expect([config.ipcMode, config.utsMode]).toEqual([{ mode: "private" }, { mode: "private" }]);
    expect(config.pidMode).toEqual(infra);
  });

  it("has the host's namespace where the infra container has it", () => {
    expect(memberOf(joined(["--uts", "host"])).utsMode).toEqual({ mode: "host" });
  });

  it("takes mounts, devices, security options and restart policy of the pod", () => {
    const pod = joined(
      ["-v", "/etc:/conf", "-v", `/etc:${infraProgramPath}`, "-v", "/data", "--security-opt", "no-new-privileges"],
      { restart: { policy: "always", maxRetries: 0 } },
    );
    const config = memberOf(pod, ["-v", "/etc:/mine", "--security-opt", "mask=/secret"]);
    expect(config.mounts.map(({ destination }) => destination)).toEqual(["/mine", "/conf", "/data"]);
    expect(config.mounts.some(({ anonymous }) => anonymous)).toBe(false);
    expect(config.security).toMatchObject({ noNewPrivileges: true, mask: ["/secret"] });
    expect(config.restart.policy).toBe("always");
    expect(memberOf(pod, ["--restart", "no"]).restart.policy).toBe("no");
  });

  it("has nothing in common in a pod without an infra container but the pod", () => {
    const config = memberOf({ ...joined([], { shares: [], infraId: undefined }), infra: undefined });
    expect(config.pod?.id).toBe("pod1");
    expect(config.network.mode).toBe("pasta");
  });

  it.each([
    [["-p", "80:80"], "published or exposed ports must be defined when the pod is created"],
    [["-P"], "published or exposed ports must be defined when the pod is created"],
    [["--add-host", "a:1.2.3.4"], "extra host entries must be specified on the pod"],
    [["--dns", "1.2.3.4"], "--dns must be defined when the pod is created"],
    [["--ip", "10.0.0.2"], "--ip must be defined when the pod is created"],
    [["--hostname", "x"], "cannot set hostname when joining the pod UTS namespace"],
    [["--userns", "keep-id"], "--userns and --pod cannot be set together"],
    [["--uidmap", "0:0:1"], "cannot specify a new uid/gid map when entering a pod with an infra container"],
    [["--init-ctr", "twice"], "init-ctr value must be 'always' or 'once'"],
  ])("refuses %j", (argv, message) => {
    expect(() => memberOf(joined(), argv)).toThrow(message);
  });

  it("knows init containers, which a running pod takes none of", () => {
    expect(memberOf(joined(), ["--init-ctr", "once"]).pod?.role).toBe("init-once");
    expect(() => memberOf({ ...joined(), isRunning: true }, ["--init-ctr", "once"])).toThrow(
      "cannot add init-ctr to a running pod",
    );
    expect(() => configOf(["--init-ctr", "once", "image"])).toThrow("must specify pod value with init-ctr");
    expect(() => configOf(["--pid", "pod", "image"])).toThrow("cannot use pod namespace");
  });
});

describe("parseShares()", () => {
  it.each([
    ["net,pid", ["net", "pid"]],
    ["+pid", ["ipc", "net", "uts", "pid"]],
    ["none", []],
    ["", []],
    ["user,ipc", ["ipc"]],
  ])("reads %s", (text, expected) => {
    expect(parseShares(text)).toEqual(expected);
  });
  it("refuses others", () => {
    expect(() => parseShares("mnt")).toThrow("mount sharing functionality not supported on pod level");
    expect(() => parseShares("x")).toThrow("invalid kernel namespace to share: x. Options are: cgroup");
  });
});
