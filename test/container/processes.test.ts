import { spawn } from "node:child_process";
import { describe, expect, it, onTestFinished } from "vitest";
import { findDescriptor, type ProcessContext } from "../../src/container/processes/descriptors.ts";
import { goDuration } from "../../src/container/processes/go-duration.ts";
import { listProcesses } from "../../src/container/processes/list.ts";

describe("listProcesses()", () => {
  it("finds the processes of the same pid namespace, and what they are", async () => {
    const child = spawn("sleep", ["1000"], { stdio: "ignore" });
    onTestFinished(() => void child.kill("SIGKILL"));
    await expect.poll(() => listProcesses(process.pid).find(({ name }) => name === "sleep")?.pid).toBeDefined();
    const found = listProcesses(process.pid).find(({ hostPid }) => hostPid === child.pid);
    expect(found).toMatchObject({ pid: child.pid, parentPid: process.pid, name: "sleep" });
    expect(found && findDescriptor("args")?.value(found, context)).toBe("sleep 1000");
    expect(found && findDescriptor("%U")?.value(found, context)).toBe(String(process.getuid?.()));
    expect(found && findDescriptor("state")?.value(found, context)).toMatch(/^[RS]$/);
  });
});

const context: ProcessContext = {
  ...{ users: new Map(), groups: new Map(), hostUsers: new Map([[500, "somebody"]]), hostGroups: new Map() },
  ...{ toHostUser: () => 500, toHostGroup: (id: number) => id, lastCapability: 40, uptime: 1000 },
};

/** A process by the lines of its status file. */
function processWith(status: Readonly<Record<string, string>>, stat: Readonly<Record<number, string>> = {}) {
  const fields = Array.from({ length: 25 }, (_, index) => stat[index] ?? "0");
  return {
    ...{ hostPid: 0, pid: 7, parentPid: 1, groupId: 7, name: "odd name", stat: fields },
    status: (heading: string) => status[heading] ?? "",
  };
}

describe("findDescriptor()", () => {
  it.each([
    ["capeff", { CapEff: "0000000000000000" }, "none"],
    ["capeff", { CapEff: "000001ffffffffff" }, "full"],
    ["capeff", { CapEff: "0000000000000021" }, "CHOWN,KILL"],
    ["seccomp", { Seccomp: "2" }, "filter"],
    ["huser", { Uid: "0\t0\t0\t0" }, "somebody"],
    ["ruser", { Uid: "5\t6\t7\t8" }, "5"],
    ["user", { Uid: "5\t6\t7\t8" }, "6"],
    ["groups", { Groups: "1 2" }, "1,2"],
    ["args", {}, "[odd name]"],
    ["pgid", {}, "7"],
  ])("shows %s of %j as %s", (name, status, expected) => {
    expect(findDescriptor(name)?.value(processWith(status), context)).toBe(expected);
  });

  it("counts times from the machine's start", () => {
    const one = processWith({}, { 11: "100", 12: "50", 19: "90000", 4: "34817" });
    expect(findDescriptor("etime")?.value(one, context)).toBe("1m40s");
    expect(findDescriptor("time")?.value(one, context)).toBe("1.5s");
    expect(findDescriptor("pcpu")?.value(one, context)).toBe("1.500");
    expect(findDescriptor("tty")?.value(one, context)).toBe("pts/1");
  });

  it("knows neither ps's options nor names of objects", () => {
    expect([findDescriptor("-ef"), findDescriptor("toString"), findDescriptor("%j")]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("goDuration()", () => {
  it.each([
    [0, "0s"],
    [0.0000005, "500ns"],
    [0.01, "10ms"],
    [1.5, "1.5s"],
    [60, "1m0s"],
    [3732.497, "1h2m12.497s"],
    [7200, "2h0m0s"],
  ])("writes %d seconds as %s", (seconds, text) => expect(goDuration(seconds)).toBe(text));
});
