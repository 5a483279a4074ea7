import { describe, expect, it } from "vitest";
import { unsupportedOptions } from "../../../src/cli/options/container/unsupported.ts";
import { createOptions } from "../../../src/cli/options/container.ts";
import { configOf, fakeCaller } from "./command-line.ts";

describe("--security-opt", () => {
  it("collects", () => {
    const given = [
      "no-new-privileges",
      "seccomp=unconfined",
      "mask=/a:/b",
      "unmask=/proc/acpi",
      "label=disable",
      "apparmor:unconfined",
    ];
    const { security } = configOf([...given.flatMap((option) => ["--security-opt", option]), "image"]);
    expect(security).toEqual({
      seccomp: "unconfined",
      noNewPrivileges: true,
      mask: ["/a", "/b"],
      unmask: ["/proc/acpi"],
      given,
    });
  });
  it("makes a profile's path absolute", () => {
    const caller = fakeCaller({ files: { "/work/p.json": "{}" } });
    expect(configOf(["--security-opt", "seccomp=p.json", "image"], { caller }).security.seccomp).toBe("/work/p.json");
  });
  it("can be taken back", () => {
    const argv = ["--security-opt", "no-new-privileges", "--security-opt", "no-new-privileges=false", "image"];
    expect(configOf(argv).security.noNewPrivileges).toBe(false);
  });
  it.each([
    { text: "foo", message: 'invalid --security-opt 1: "foo"' },
    { text: "foo=bar", message: 'invalid --security-opt 2: "foo=bar"' },
    { text: "no-new-privileges=maybe", message: 'invalid --security-opt 2: "no-new-privileges=maybe"' },
    { text: "seccomp=/no", message: "opening seccomp profile failed: open /no: no such file or directory" },
    { text: "label=type:x", message: "--security-opt label=type:x is not supported yet" },
    { text: "systempaths=confined", message: "only `unconfined` is supported" },
  ])("refuses $text", ({ text, message }) => {
    expect(() => configOf(["--security-opt", text, "image"])).toThrow(message);
  });
});

describe("capabilities", () => {
  it.each([
    { argv: ["--cap-add", "foo"], message: '"CAP_FOO": unknown capability' },
    {
      argv: ["--cap-add", "chown", "--cap-drop", "CAP_CHOWN"],
      message: 'capability "CAP_CHOWN" cannot be dropped and added',
    },
    { argv: ["--cap-add", "all", "--cap-drop", "ALL"], message: "adding all caps and removing all caps not allowed" },
  ])("refuses $argv", ({ argv, message }) => {
    expect(() => configOf([...argv, "image"])).toThrow(message);
  });
});

describe("--ulimit", () => {
  it("reads soft and hard limits", () => {
    const { ulimits } = configOf(["--ulimit", "nofile=10:20,core=-1", "--ulimit", "RLIMIT_NPROC=5", "image"]);
    expect(ulimits).toEqual([
      { name: "nofile", soft: 10, hard: 20 },
      { name: "core", soft: -1, hard: -1 },
      { name: "nproc", soft: 5, hard: 5 },
    ]);
  });
  it.each(["nofile", "nosuch=1", "nofile=x", "nofile=20:10", "nofile=1:2:3", "nofile=-1:5"])("refuses %s", (text) => {
    expect(() => configOf(["--ulimit", text, "image"])).toThrow("requires name=SOFT:HARD, failed to be parsed");
  });
});

describe("--sysctl", () => {
  it("takes values of the container's own namespaces only", () => {
    expect(configOf(["--sysctl", "net.core.somaxconn=5", "image"]).sysctls).toEqual({ "net.core.somaxconn": "5" });
    expect(() => configOf(["--sysctl", "kernel.panic=1", "image"])).toThrow("sysctl 'kernel.panic' is not allowed");
    expect(() => configOf(["--sysctl", "net.x", "image"])).toThrow("sysctl values must be in the form of KEY=VALUE");
  });
  it("refuses values of namespaces that are the host's", () => {
    expect(() => configOf(["--network", "host", "--sysctl", "net.a=1", "image"])).toThrow(
      "sysctl net.a=1 can't be set since Network Namespace set to host",
    );
  });
});

describe("namespaces", () => {
  it("reads modes", () => {
    const config = configOf(["--pid", "host", "--ipc", "container:a", "--uts", "private", "image"]);
    expect(config).toMatchObject({
      pidMode: { mode: "host" },
      ipcMode: { mode: "container", id: "id-of-a" },
      utsMode: { mode: "private" },
    });
  });
  it("refuses others", () => {
    expect(() => configOf(["--pid", "weird", "image"])).toThrow("unrecognized namespace mode weird passed");
    expect(configOf(["--userns", "host", "image"]).argv).toEqual(["sh"]);
    expect(() => configOf(["--cgroups", "split", "image"])).toThrow("--cgroups split is not supported yet");
  });
});

describe("flags that are not supported", () => {
  const withValue = Object.entries(unsupportedOptions).filter(([, { type }]) => type === "string");
  it.each(withValue.map(([name]) => name))("--%s is refused by its name", (name) => {
    const words = { "device-cgroup-rule": "device cgroup rules are not supported in rootless mode" }[name];
    expect(() => configOf([`--${name}=x`, "image"])).toThrow(words ?? `--${name} is not supported yet`);
  });
  it("lets pass what asks for nothing", () => {
    const argv = ["--sdnotify=ignore", "--oom-kill-disable=false", "image"];
    expect(configOf(argv).argv).toEqual(["sh"]);
    expect(() => configOf(["--oom-kill-disable", "image"])).toThrow("--oom-kill-disable is not supported yet");
  });
  it("are hidden from help", () => {
    const shown = Object.entries(createOptions).filter(
      ([name]) => name in unsupportedOptions && !("hidden" in createOptions[name as "memory"]),
    );
    expect(shown).toEqual([]);
  });
  it("contradictions are refused", () => {
    expect(() => configOf(["--platform", "linux/arm64", "--arch", "arm64", "image"])).toThrow(
      "--platform option can not be specified with --arch or --os",
    );
  });
});
