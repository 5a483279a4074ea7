import { readlinkSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { renderObject } from "../../src/cli/format.ts";
import { formatTable } from "../../src/cli/table.ts";
import { containerFields, statusText } from "../../src/commands/container/container-view.ts";
import { portsText } from "../../src/commands/container/ports-text.ts";
import { spacedSize } from "../../src/commands/image/image-view.ts";
import type { ContainerRecord } from "../../src/storage/containers.ts";
import { sampleConfig } from "../storage/scratch.ts";

const sampleRecord = {
  id: "0".repeat(64),
  name: "web",
  config: sampleConfig(),
  state: "running",
  createdAt: new Date(),
};

describe("formatTable()", () => {
  it("gives columns at least 12 characters and pads all but the last", () => {
    expect(
      formatTable([
        ["ID", "NAMES", "SIZE"],
        ["abc", "a-name-longer-than-that", "1B"],
      ]),
    ).toBe("ID          NAMES                    SIZE\nabc         a-name-longer-than-that  1B\n");
  });

  it("counts characters, not code units", () => {
    expect(
      formatTable([
        ["⛵⛵⛵⛵⛵⛵⛵⛵⛵⛵⛵", "x"],
        ["y", "z"],
      ]),
    ).toBe("⛵⛵⛵⛵⛵⛵⛵⛵⛵⛵⛵  x\ny            z\n");
  });
});

describe("containerFields()", () => {
  it("has the namespaces of a container under podman's names", () => {
    const record = { ...sampleRecord, init: { pid: process.pid, startTime: "1" } } as unknown as ContainerRecord;
    const format = "{{.CGROUPNS}} {{.IPC}} {{.MNT}} {{.NET}} {{.PIDNS}} {{.USERNS}} {{.UTS}}";
    const text = renderObject(
      { name: "ps", format },
      containerFields(
        { record, sizes: undefined, ports: () => record.config.network.ports, podName: () => "" },
        { noTrunc: false },
      ),
    );
    const inodes = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"].map(
      (name) => /\d+/.exec(readlinkSync(`/proc/self/ns/${name}`))?.[0],
    );
    expect(text).toBe(`${inodes.join(" ")}\n`);
  });
});

describe("statusText()", () => {
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1000 - 100);
  it.each([
    [{ state: "created" }, "Created"],
    [{ state: "running", startedAt: ago(2) }, "Up 2 seconds"],
    [{ state: "running", startedAt: ago(2), healthStatus: "starting" }, "Up 2 seconds (starting)"],
    [{ state: "exited", exitCode: 0, finishedAt: ago(3) }, "Exited (0) 3 seconds ago"],
    [{ state: "exited", exitCode: 137, finishedAt: ago(70) }, "Exited (137) About a minute ago"],
    [{ state: "paused", startedAt: ago(2) }, "Paused"],
    [{ state: "stopping" }, "Stopping"],
  ])("of %j is %s", (record, text) => {
    expect(statusText(record as ContainerRecord)).toBe(text);
  });
});

describe("portsText()", () => {
  const port = (hostPort: number, containerPort: number, hostIp = "", protocol: "tcp" | "udp" = "tcp") => ({
    ...{ hostIp, hostPort, containerPort, protocol },
  });
  it.each([
    [[], [], ""],
    [[port(8080, 80)], [], "0.0.0.0:8080->80/tcp"],
    [[port(8080, 80, "127.0.0.1", "udp")], [], "127.0.0.1:8080->80/udp"],
    [[port(8080, 80), port(8081, 81), port(9000, 82)], [], "0.0.0.0:8080-8081->80-81/tcp, 0.0.0.0:9000->82/tcp"],
    [[port(8080, 80)], ["80/tcp", "443/tcp"], "0.0.0.0:8080->80/tcp, 443/tcp"],
    [[], ["82/tcp", "80/tcp", "81/tcp", "53/udp"], "80-82/tcp, 53/udp"],
  ])("of %j and %j is %s", (ports, exposed, text) => {
    expect(portsText(ports, exposed)).toBe(text);
  });
});

describe("spacedSize()", () => {
  it.each([
    [2_131_015, "2.13 MB"],
    [144_453, "144 kB"],
    [12, "12 B"],
  ])("of %d is %s", (bytes, text) => {
    expect(spacedSize(bytes)).toBe(text);
  });
});
