import { isIP } from "node:net";
import { invalid } from "../../container/config/values.ts";

/** What a word of EXPOSE says. */
export interface ExposedPorts {
  /** As an image's config has them: `80/tcp`. */
  readonly ports: readonly string[];
  /** An address or a port of the host stands there, which EXPOSE does not publish. */
  readonly hasHostPart: boolean;
  /** As written, in whatever case. */
  readonly protocol: string;
}

/**
 * Reads one expanded word of EXPOSE: `80`, `80/udp`, `8000-8010`, and with a host's part in front that means nothing.
 * @throws {DhowError} `invalid-argument`.
 */
export function parseExposedPorts(word: string): ExposedPorts {
  const parts = word.split(":");
  const container = parts.pop() ?? "";
  const hostPort = parts.pop() ?? "";
  const host = parts.join(":");
  const [range = "", protocol = "tcp"] = container.split("/", 2);
  if (range === "") throw invalid(`invalid port: ${JSON.stringify(word)}: no port specified`);
  const name = protocol.toLowerCase() || "tcp";
  if (!["tcp", "udp", "sctp"].includes(name)) {
    throw invalid(`invalid port: ${JSON.stringify(word)}: invalid proto: ${protocol}`);
  }
  if (host !== "" && isIP(host.replace(/^\[(.*)\]$/, "$1")) === 0) throw invalid(`invalid IP address: ${host}`);
  const [start, end] = parseRange(range, "containerPort");
  if (hostPort !== "") checkHostRange(hostPort, { start, end, range });
  const ports = Array.from({ length: end - start + 1 }, (_, index) => `${start + index}/${name}`);
  return { ports, hasHostPart: host !== "" || hostPort !== "", protocol };
}

function parseRange(text: string, name: string): [start: number, end: number] {
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const [start, end] = [Number(first), Number(last)];
  if (first === undefined || end > 65_535 || end < start) throw invalid(`invalid ${name}: ${text}`);
  return [start, end];
}

function checkHostRange(hostPort: string, container: { start: number; end: number; range: string }): void {
  const [start, end] = parseRange(hostPort, "hostPort");
  if (container.end !== container.start && end - start !== container.end - container.start) {
    throw invalid(`invalid ranges specified for container and host Ports: ${container.range} and ${hostPort}`);
  }
}
