import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { PortMapping } from "../../src/model/container-config.ts";
import {
  checkPortsOfAllAddresses,
  checkPrivilegedPorts,
  findTakenPort,
  pickFreePort,
} from "../../src/network/ports.ts";

const mapping = (hostIp: string, hostPort: number, protocol: "tcp" | "udp" = "tcp"): PortMapping => ({
  hostIp,
  hostPort,
  containerPort: 80,
  protocol,
});

let server: Server | undefined;
afterEach(() => server?.close());

async function listen(host: string): Promise<number> {
  server = createServer().listen(0, host);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

describe("findTakenPort()", () => {
  it("sees what listens on one address", async () => {
    const port = await listen("127.0.0.1");
    expect(findTakenPort([mapping("127.0.0.1", port)])).toMatchObject({ hostPort: port });
    expect(findTakenPort([mapping("", port)])).toBeDefined();
    expect(findTakenPort([mapping("0.0.0.0", port)])).toBeDefined();
    expect(findTakenPort([mapping("127.0.0.2", port), mapping("127.0.0.1", port, "udp")])).toBeUndefined();
  });
  it("sees what listens on all addresses", async () => {
    const port = await listen("0.0.0.0");
    expect(findTakenPort([mapping("127.0.0.2", port)])).toBeDefined();
  });
  it("sees udp", async () => {
    const socket = createSocket("udp4").bind(0, "127.0.0.1");
    await once(socket, "listening");
    const { port } = socket.address();
    expect(findTakenPort([mapping("127.0.0.1", port, "udp")])).toBeDefined();
    socket.close();
  });
});

describe("checkPortsOfAllAddresses()", () => {
  it("refuses a port that IPv4 alone has taken, in Go's words", async () => {
    const port = await listen("0.0.0.0");
    expect(() => checkPortsOfAllAddresses([mapping("", port)])).toThrow(
      `cannot publish port ${port}: listen tcp 0.0.0.0:${port}: bind: address already in use`,
    );
    expect(() => checkPortsOfAllAddresses([mapping("127.0.0.1", port)])).not.toThrow();
  });
  it("lets go of the ports that it tried", () => {
    const port = pickFreePort("tcp", new Set());
    checkPortsOfAllAddresses([mapping("", port)]);
    expect(findTakenPort([mapping("", port)])).toBeUndefined();
  });
});

it("checkPrivilegedPorts() lets high ports pass", () => {
  expect(() => checkPrivilegedPorts([mapping("", 65_000)])).not.toThrow();
});

it("pickFreePort() gives a port that is free and not taken", async () => {
  const port = await listen("127.0.0.1");
  const picked = Array.from({ length: 50 }, () => pickFreePort("tcp", new Set([40_000])));
  expect(picked).not.toContain(port);
  expect(picked.every((one) => one >= 32_768 && one <= 60_999 && one !== 40_000)).toBe(true);
});
