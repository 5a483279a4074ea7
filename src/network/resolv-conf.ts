import { readFileSync } from "node:fs";
import type { NetworkConfig } from "../model/container-config.ts";

export interface ResolvConf {
  readonly servers: readonly string[];
  readonly search: readonly string[];
  readonly options: readonly string[];
}

/** The host's resolver configuration; empty if it has none. */
export function readHostResolvConf(path = "/etc/resolv.conf"): ResolvConf {
  try {
    return parseResolvConf(readFileSync(path, "utf8"));
  } catch {
    return { servers: [], search: [], options: [] };
  }
}

/** Reads the form of resolv.conf(5); unknown lines are skipped, of `search` and `domain` the last counts. */
export function parseResolvConf(text: string): ResolvConf {
  const servers: string[] = [];
  const options: string[] = [];
  let search: string[] = [];
  for (const line of text.split("\n")) {
    const [keyword, ...words] = line
      .replace(/[#;].*$/, "")
      .trim()
      .split(/\s+/);
    const [first] = words;
    if (first === undefined) continue;
    if (keyword === "nameserver") servers.push(first);
    else if (keyword === "search" || keyword === "domain") search = words;
    else if (keyword === "options") options.push(...words);
  }
  return { servers, search, options };
}

/** The form of resolv.conf(5). */
export function formatResolvConf({ servers, search, options }: ResolvConf): string {
  const line = (keyword: string, words: readonly string[]) =>
    words.length === 0 ? [] : [`${keyword} ${words.join(" ")}`];
  const lines = [
    ...line("search", search),
    ...servers.flatMap((server) => line("nameserver", [server])),
    ...line("options", options),
  ];
  return lines.map((text) => `${text}\n`).join("");
}

export interface Resolvers {
  /** An address in the container's network that forwards to the host's resolver; used if the host has an IPv4 one. */
  readonly forwarder: string | undefined;
  /** Whether the container is in the host's network, where the host's loopback resolvers answer. */
  readonly onHost: boolean;
  /** Resolvers that know the containers of the container's networks, and ask the world in their stead. */
  readonly ofNetworks?: readonly string[];
}

/** Podman's: names of containers may be written with it. */
const networkDomain = "dns.podman";

/**
 * The container's /etc/resolv.conf: what --dns, --dns-search and --dns-option say, else the host's.
 * @returns undefined to leave the image's file, for `--dns none`.
 */
export function containerResolvConf(
  { dnsServers, dnsSearch, dnsOptions }: Pick<NetworkConfig, "dnsServers" | "dnsSearch" | "dnsOptions">,
  host: ResolvConf,
  resolvers: Resolvers,
): string | undefined {
  if (dnsServers.includes("none")) return undefined;
  const { ofNetworks = [] } = resolvers;
  const inherited = ofNetworks.length > 0 ? [networkDomain, ...host.search] : host.search;
  const search = dnsSearch.length > 0 ? dnsSearch.filter((domain) => domain !== ".") : inherited;
  const options = dnsOptions.length > 0 ? dnsOptions : host.options;
  const own = dnsServers.length > 0 ? dnsServers : inheritServers(host.servers, resolvers);
  const servers = ofNetworks.length > 0 ? ofNetworks : own;
  return formatResolvConf({ servers, search, options });
}

/**
 * Whom a resolver in another network namespace asks: the host's own resolvers, and through the forwarder those on the
 * host's loopback.
 */
export function reachableServers({ servers }: ResolvConf, forwarder: string): string[] {
  const reachable = servers.filter((server) => !isLoopback(server));
  return reachable.length < servers.length || reachable.length === 0 ? [...reachable, forwarder] : reachable;
}

/** A resolver on the host's loopback is out of the container's reach, but for the forwarder. */
function inheritServers(servers: readonly string[], { forwarder, onHost }: Resolvers): string[] {
  if (onHost) return [...servers];
  const reachable = servers.filter((server) => !isLoopback(server));
  const forwards = forwarder !== undefined && servers.some((server) => !server.includes(":"));
  return forwards ? [forwarder, ...reachable] : reachable;
}

function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1" || address.startsWith("fe80:");
}
