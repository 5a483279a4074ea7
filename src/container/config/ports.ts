import { DhowError } from "../../errors.ts";
import type { PortMapping } from "../../model/container-config.ts";
import { parseIp } from "../../model/ip-address.ts";
import type { CallerFacts } from "./flags.ts";
import { invalid } from "./values.ts";

type Protocol = PortMapping["protocol"];

interface PortRange {
  readonly start: number;
  readonly length: number;
}

/** Ports to publish as asked for: host port 0 is one that dhow picks. */
interface Publication {
  readonly hostIp: string;
  readonly host: PortRange | undefined;
  readonly container: PortRange;
  readonly protocol: Protocol;
}

export interface PortRequest {
  /** --publish values. */
  readonly publish: readonly string[];
  /** Exposed ports that shall be published too, as `80/tcp`. */
  readonly exposed: readonly string[];
}

/**
 * One mapping for each published port, random host ports picked.
 * @throws {DhowError} `invalid-argument` with podman's words; `conflict` if one host port is mapped twice.
 */
export function buildPorts({ publish, exposed }: PortRequest, caller: CallerFacts): PortMapping[] {
  const wanted = publish.map(parsePublish);
  const covered = new Set(
    wanted.flatMap(({ container, protocol }) => expand(container).map((port) => `${port}/${protocol}`)),
  );
  for (const port of exposed) {
    if (!covered.has(port)) wanted.push(parsePublish(port));
  }
  const mappings = new Map<string, PortMapping>();
  const taken = new Set<number>();
  for (const publication of wanted.filter(({ host }) => host !== undefined)) assign(publication, { mappings, taken });
  for (const publication of wanted.filter(({ host }) => host === undefined)) {
    assign({ ...publication, host: pickRange(publication, taken, caller) }, { mappings, taken });
  }
  return [...mappings.values()];
}

interface Assigned {
  readonly mappings: Map<string, PortMapping>;
  readonly taken: Set<number>;
}

function assign({ hostIp, host, container, protocol }: Publication, { mappings, taken }: Assigned): void {
  expand(container).forEach((containerPort, index) => {
    const hostPort = (host?.start ?? 0) + index;
    const key = `${hostIp}|${hostPort}|${protocol}`;
    const other = mappings.get(key);
    if (other && other.containerPort !== containerPort) {
      throw invalid(`conflicting port mappings for host port ${hostPort} (protocol ${protocol})`);
    }
    mappings.set(key, { hostIp, hostPort, containerPort, protocol });
    taken.add(hostPort);
  });
}

function pickRange({ container, protocol }: Publication, taken: ReadonlySet<number>, caller: CallerFacts): PortRange {
  for (let attempt = 0; attempt < 15; attempt++) {
    const start = caller.pickPort(protocol, taken);
    const ports = expand({ start, length: container.length });
    if (start + container.length <= 65536 && !ports.some((port) => taken.has(port)))
      return { start, length: container.length };
  }
  throw invalid(`failed to find an open port to expose container port ${container.start} on the host`);
}

function expand({ start, length }: PortRange): number[] {
  return Array.from({ length }, (_, index) => start + index);
}

/** `[[ip:]hostPort[-end]:]containerPort[-end][/protocol]`. */
function parsePublish(text: string): Publication {
  const [address = "", protocol, ...more] = text.split("/");
  if (more.length > 0) throw invalid("invalid port format - protocol can only be specified once");
  const { hostIp, host, container } = splitAddress(address);
  if (container === "") throw invalid("must provide a non-empty container port to publish");
  const containerRange = parseRange(container, "parsing container port: ");
  const hostRange = host === undefined || host === "" ? undefined : parseRange(host, "parsing host port: ");
  if (hostRange && hostRange.length !== containerRange.length) {
    throw invalid(
      `host and container port ranges have different lengths: ${hostRange.length} vs ${containerRange.length}`,
    );
  }
  return { hostIp: checkIp(hostIp), host: hostRange, container: containerRange, protocol: parseProtocol(protocol) };
}

interface Address {
  readonly hostIp: string | undefined;
  readonly host: string | undefined;
  readonly container: string;
}

function splitAddress(text: string): Address {
  if (text.includes("]")) return splitBracketed(text);
  const parts = text.split(":");
  switch (parts.length) {
    case 1:
      return { hostIp: undefined, host: undefined, container: text };
    case 2:
      return { hostIp: undefined, host: parts[0], container: parts[1] ?? "" };
    case 3:
      return { hostIp: parts[0], host: parts[1], container: parts[2] ?? "" };
    default:
      throw invalid("invalid port format - format is [[hostIP:]hostPort:]containerPort");
  }
}

function splitBracketed(text: string): Address {
  const match = /^\[([^[\]]*)\](.*)$/.exec(text);
  if (!match) throw invalid("invalid port format - IPv6 addresses must be enclosed by []");
  const [, hostIp, rest = ""] = match;
  if (!rest.startsWith(":")) throw invalid("invalid port format - IPv6 address must be followed by a colon (':')");
  const ports = rest.slice(1).split(":");
  if (ports.length === 1)
    throw invalid("invalid port format - must provide host and destination port if specifying an IP");
  if (ports.length > 2) {
    throw invalid("invalid port format - when v6 address specified, must be [ipv6]:hostPort:ctrPort");
  }
  return { hostIp, host: ports[0], container: ports[1] ?? "" };
}

function checkIp(text: string | undefined): string {
  if (text === undefined) return "";
  if (text === "") throw invalid("must provide a non-empty container host IP to publish");
  if (!isIpv4(text) && !isIpv6(text)) throw invalid(`cannot parse ${JSON.stringify(text)} as an IP address`);
  return text;
}

/** Whether a text is an IPv4 address in dotted form. */
export function isIpv4(text: string): boolean {
  return parseIp(text)?.family === 4;
}

/** Whether a text is an IPv6 address without zone. */
export function isIpv6(text: string): boolean {
  return parseIp(text)?.family === 6;
}

function parseProtocol(text: string | undefined): Protocol {
  switch (text?.toLowerCase()) {
    case undefined:
    case "tcp":
      return "tcp";
    case "udp":
      return "udp";
    case "":
      throw invalid("must provide a non-empty protocol to publish");
    case "sctp":
      throw new DhowError("can't forward protocol: sctp", {
        ...{ kind: "unsupported", exitCode: 126, hint: "networks of a user without root forward tcp and udp" },
      });
    default:
      throw invalid(`unrecognized protocol ${JSON.stringify(text)} in port mapping`);
  }
}

function parseRange(text: string, context = ""): PortRange {
  const [first = "", last, ...more] = text.split("-");
  if (more.length > 0) throw invalid(`${context}invalid port format - port ranges are formatted as startPort-stopPort`);
  if (first === "") throw invalid(`${context}port numbers cannot be negative`);
  const start = parsePort(first, context);
  if (last === undefined) return { start, length: 1 };
  if (last === "") throw invalid(`${context}must provide ending number for port range`);
  const end = parsePort(last, context);
  if (end <= start) {
    throw invalid(
      `${context}the end port of a range must be higher than the start port - ${end} is not higher than ${start}`,
    );
  }
  return { start, length: end - start + 1 };
}

function parsePort(text: string, context: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw invalid(`${context}invalid port number: ${JSON.stringify(text)}`);
  const port = Number(text);
  if (port < 1 || port > 65535)
    throw invalid(`${context}port numbers must be between 1 and 65535 (inclusive), got ${port}`);
  return port;
}

/** Exposed ports, ranges expanded: `8000-8001/udp` gives `8000/udp` and `8001/udp`. */
export function expandExposed(given: readonly string[]): string[] {
  const ports = given.flatMap((text) => {
    const [range = "", protocol = "tcp", ...more] = text.split("/");
    if (more.length > 0) throw invalid("invalid expose format - protocol can only be specified once");
    if (!["tcp", "udp", "sctp"].includes(protocol.toLowerCase())) {
      throw invalid(`unrecognized protocol ${JSON.stringify(protocol)} in port mapping`);
    }
    const parsed = parseRange(range, `invalid range format for --expose: ${text}: `);
    return expand(parsed).map((port) => `${port}/${protocol.toLowerCase()}`);
  });
  return [...new Set(ports)];
}
