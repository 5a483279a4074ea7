import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { DhowError } from "../errors.ts";
import type { PortMapping } from "../model/container-config.ts";

type Protocol = PortMapping["protocol"];

interface Listener {
  /** Hex as the kernel shows it; all zeros is every address. */
  readonly address: string;
  readonly port: number;
  readonly family: 4 | 6;
}

/**
 * Whether the user may bind ports of the host.
 * @throws {DhowError} `permission-denied`, naming the sysctl.
 */
export function checkPrivilegedPorts(ports: readonly PortMapping[]): void {
  const low = ports.filter(({ hostPort }) => hostPort < 1024);
  if (low.length === 0) return;
  const firstFree = firstUnprivilegedPort();
  const refused = low.find(({ hostPort }) => hostPort < firstFree);
  if (refused) throw privilegedPort(refused, firstFree);
}

/**
 * Whether ports that are to be published on every address are free. With one of IPv4 and IPv6 taken, pasta would be
 * content with the other; any other taken port makes it fail by itself.
 * @throws {DhowError} `conflict`: "... bind: address already in use".
 */
export function checkPortsOfAllAddresses(ports: readonly PortMapping[]): void {
  const everywhere = ports.filter(({ hostIp }) => hostIp === "");
  const taken =
    everywhere.find(({ protocol, hostPort }) => protocol === "tcp" && !canListen(hostPort)) ??
    findTakenPort(everywhere.filter(({ protocol }) => protocol === "udp"));
  if (taken) throw portInUse(taken);
}

/** Tries it: node binds at once when no address is given, and lets go at once. */
function canListen(port: number): boolean {
  const server = createServer();
  server.on("error", () => undefined);
  server.listen({ port, exclusive: true });
  const { listening } = server;
  server.close();
  return listening;
}

/**
 * The first port that cannot be published because something listens there. Not for the hot path: the kernel takes
 * about 10 ms to list its sockets.
 */
export function findTakenPort(ports: readonly PortMapping[]): PortMapping | undefined {
  const listeners = new Map<Protocol, Listener[]>();
  for (const mapping of ports) {
    const { protocol } = mapping;
    const known = listeners.get(protocol) ?? readListeners(protocol);
    listeners.set(protocol, known);
    if (known.some((listener) => collides(mapping, listener))) return mapping;
  }
  return undefined;
}

function collides({ hostIp, hostPort }: PortMapping, { address, port, family }: Listener): boolean {
  if (port !== hostPort) return false;
  const everywhere = /^0+$/.test(address);
  if (hostIp === "" || hostIp === "::") return true;
  if (hostIp.includes(":")) return family === 6 && everywhere;
  return family === 4 && (everywhere || hostIp === "0.0.0.0" || address === toKernelForm(hostIp));
}

/** 127.0.0.1 as 0100007F: the bytes in the machine's order. */
function toKernelForm(address: string): string {
  const bytes = address.split(".").map((part) => Number(part).toString(16).padStart(2, "0").toUpperCase());
  return bytes.reverse().join("");
}

/**
 * A random free port of the host.
 * @throws {DhowError} `unavailable` if none was found.
 */
export function pickFreePort(protocol: Protocol, taken: ReadonlySet<number>): number {
  const used = new Set(protocol === "udp" ? readListeners(protocol).map(({ port }) => port) : []);
  for (let attempt = 0; attempt < 1000; attempt++) {
    const port = dynamicPorts.first + Math.floor(Math.random() * dynamicPorts.count);
    if (!used.has(port) && !taken.has(port) && (protocol === "udp" || canListen(port))) return port;
  }
  throw new DhowError("failed to find an open port on the host", { kind: "unavailable" });
}
/** Those that the kernel gives to programs that ask for none in particular. */
const dynamicPorts = { first: 32_768, count: 28_232 };

function readListeners(protocol: Protocol): Listener[] {
  return [...parseListeners(read(`/proc/net/${protocol}`), 4), ...parseListeners(read(`/proc/net/${protocol}6`), 6)];
}

const tcpListen = "0A";
const udpBound = "07";

function parseListeners(text: string, family: 4 | 6): Listener[] {
  return text
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state]) => state === tcpListen || state === udpBound)
    .map(([, local = ""]) => {
      const [address = "", port = ""] = local.split(":");
      return { address, port: Number.parseInt(port, 16), family };
    });
}

function firstUnprivilegedPort(): number {
  return Number(read("/proc/sys/net/ipv4/ip_unprivileged_port_start")) || 0;
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function address({ hostIp, hostPort }: PortMapping): string {
  const host = hostIp === "" ? "0.0.0.0" : hostIp;
  return host.includes(":") ? `[${host}]:${hostPort}` : `${host}:${hostPort}`;
}

/** The failure that says so, with the words of Go's programs. */
export function portInUse(mapping: PortMapping): DhowError {
  return new DhowError(
    `cannot publish port ${mapping.hostPort}: listen ${mapping.protocol} ${address(mapping)}: bind: address already in use`,
    {
      kind: "conflict",
      hint: "stop what listens there, or publish another port of the host",
    },
  );
}

function privilegedPort(mapping: PortMapping, firstFree: number): DhowError {
  const { hostPort, protocol } = mapping;
  return new DhowError(
    `cannot expose privileged port ${hostPort}, you can add 'net.ipv4.ip_unprivileged_port_start=${hostPort}' to /etc/sysctl.conf (currently ${firstFree}), or choose a larger port number (>= ${firstFree}): listen ${protocol} ${address(mapping)}: bind: permission denied`,
    {
      kind: "permission-denied",
      hint: `as root: sysctl net.ipv4.ip_unprivileged_port_start=${hostPort}`,
    },
  );
}
