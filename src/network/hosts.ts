import { readFileSync } from "node:fs";
import { DhowError } from "../errors.ts";

interface HostsEntry {
  readonly address: string;
  readonly names: readonly string[];
}

export interface HostsRequest {
  /** `name[;name...]:address` of --add-host, address perhaps `host-gateway`. */
  readonly extraHosts: readonly string[];
  /** What the container is called, for each of its addresses; loopback if it has no other. */
  readonly selves: readonly HostsEntry[];
  /** The host as the container reaches it. */
  readonly hostAddress: string | undefined;
  /** Text of the host's /etc/hosts. */
  readonly base: string;
  /** Whether the container is in the host's network, where the host's loopback names are true. */
  readonly onHost: boolean;
}

/** Names of the host in its containers: podman's and Docker's. */
const hostNames = ["host.containers.internal", "host.docker.internal"];

const loopback: readonly HostsEntry[] = [
  { address: "127.0.0.1", names: ["localhost", "localhost.localdomain", "localhost4"] },
  { address: "::1", names: ["localhost", "localhost.localdomain", "localhost6", "ip6-localhost", "ip6-loopback"] },
];

/**
 * The container's /etc/hosts. The user's entries come first and win; the host's own entries follow without those that
 * only hold on the host itself.
 * @throws {DhowError} `unavailable` if `host-gateway` is asked for and the host has no address.
 */
export function containerHosts({ extraHosts, selves, hostAddress, base, onHost }: HostsRequest): string {
  const given = extraHosts.map((text) => parseExtra(text, hostAddress));
  const chosen = new Set(given.flatMap(({ names }) => names));
  const fromHost = parseHosts(base).filter(({ address }) => onHost || !isLoopback(address));
  const host = hostAddress === undefined ? [] : [{ address: hostAddress, names: hostNames }];
  const rest = [...(onHost ? [] : loopback), ...fromHost, ...host, ...selves];
  const remaining = rest
    .map(({ address, names }) => ({ address, names: names.filter((name) => !chosen.has(name)) }))
    .filter(({ names }) => names.length > 0);
  return [...given, ...remaining].map(({ address, names }) => `${address}\t${names.join(" ")}\n`).join("");
}

/** Text of the host's /etc/hosts, "" if it has none. */
export function readHostHosts(): string {
  try {
    return readFileSync("/etc/hosts", "utf8");
  } catch {
    return "";
  }
}

/** Text of the file that --hosts-file names. @throws {DhowError} `not-found`. */
export function readBaseHosts(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new DhowError(`cannot read the base hosts file ${path}`, { kind: "not-found", cause });
  }
}

function parseHosts(text: string): HostsEntry[] {
  return text.split("\n").flatMap((line) => {
    const [address, ...names] = line.replace(/#.*$/, "").trim().split(/\s+/);
    return address && names.length > 0 ? [{ address, names }] : [];
  });
}

function parseExtra(text: string, hostAddress: string | undefined): HostsEntry {
  const at = text.indexOf(":");
  const address = text.slice(at + 1);
  const names = text.slice(0, at).split(";").filter(Boolean);
  if (address !== "host-gateway") return { address, names };
  if (hostAddress === undefined) {
    throw new DhowError(
      `unable to replace "host-gateway" of host entry ${JSON.stringify(text)}: host containers internal IP address is empty`,
      { kind: "unavailable", hint: "this machine has no network address: write an address in place of host-gateway" },
    );
  }
  return { address: hostAddress, names };
}

function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1" || /^(ff|fe)[0-9a-f]{2}:/i.test(address);
}
