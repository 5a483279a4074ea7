import { describe, expect, it } from "vitest";
import { defaultSeccomp, parseSeccomp } from "../../../src/container/spec/seccomp.ts";

const facts = { capabilities: ["CAP_CHOWN"], architecture: "amd64" };

function rulesFor(call: string, capabilities: readonly string[], architecture = "amd64") {
  const { syscalls } = defaultSeccomp({ capabilities, architecture });
  return syscalls
    .filter(({ names }) => names.includes(call))
    .map(({ action, errnoRet }) => `${action}${errnoRet ?? ""}`);
}

describe("defaultSeccomp()", () => {
  it("answers ENOSYS to what it does not know and EPERM to what it forbids", () => {
    expect(defaultSeccomp(facts)).toMatchObject({ defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 38 });
    expect(rulesFor("kexec_load", ["CAP_SYS_ADMIN"])).toEqual(["SCMP_ACT_ERRNO1"]);
    expect(rulesFor("read", [])).toEqual(["SCMP_ACT_ALLOW"]);
  });
  it.each([
    { call: "bpf", capability: "CAP_SYS_ADMIN" },
    { call: "bpf", capability: "CAP_BPF" },
    { call: "perf_event_open", capability: "CAP_PERFMON" },
    { call: "chroot", capability: "CAP_SYS_CHROOT" },
    { call: "settimeofday", capability: "CAP_SYS_TIME" },
    { call: "init_module", capability: "CAP_SYS_MODULE" },
  ])("allows $call with $capability only", ({ call, capability }) => {
    expect(rulesFor(call, [capability])).toEqual(["SCMP_ACT_ALLOW"]);
    expect(rulesFor(call, [])).toEqual(["SCMP_ACT_ERRNO1"]);
  });
  it("never has two unconditional answers to one call", () => {
    for (const capabilities of [[], ["CAP_SYS_ADMIN"], ["CAP_AUDIT_WRITE", "CAP_BPF", "CAP_PERFMON"]]) {
      const { syscalls } = defaultSeccomp({ capabilities, architecture: "amd64" });
      const names = syscalls.filter(({ args }) => args === undefined).flatMap((rule) => rule.names);
      expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    }
  });
  it("knows the machine", () => {
    expect(rulesFor("arch_prctl", [])).toEqual(["SCMP_ACT_ALLOW"]);
    expect(rulesFor("arch_prctl", [], "arm64")).toEqual([]);
    expect(defaultSeccomp({ ...facts, architecture: "arm64" }).architectures).toEqual([
      "SCMP_ARCH_AARCH64",
      "SCMP_ARCH_ARM",
    ]);
  });
});

describe("parseSeccomp()", () => {
  const profile = {
    defaultAction: "SCMP_ACT_ERRNO",
    archMap: [{ architecture: "SCMP_ARCH_X86_64", subArchitectures: ["SCMP_ARCH_X86"] }],
    syscalls: [
      { names: ["always"], action: "SCMP_ACT_ALLOW", args: null, includes: {}, excludes: {} },
      { name: "old-form", action: "SCMP_ACT_ALLOW" },
      { names: ["with"], action: "SCMP_ACT_ALLOW", includes: { caps: ["CAP_CHOWN"] } },
      { names: ["with-other"], action: "SCMP_ACT_ALLOW", includes: { caps: ["CAP_KILL"] } },
      { names: ["without"], action: "SCMP_ACT_ALLOW", excludes: { caps: ["CAP_CHOWN"] } },
      { names: ["on-arm"], action: "SCMP_ACT_ALLOW", includes: { arches: ["arm64"] } },
    ],
  };
  it("resolves conditions", () => {
    const parsed = parseSeccomp(JSON.stringify(profile), facts);
    expect(parsed.syscalls.flatMap(({ names }) => names)).toEqual(["always", "old-form", "with"]);
    expect(parsed.architectures).toEqual(["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]);
  });
  it("refuses what is no profile", () => {
    expect(() => parseSeccomp("{", facts)).toThrow("it is not JSON");
    expect(() => parseSeccomp("[]", facts)).toThrow("it has no defaultAction");
  });
});
