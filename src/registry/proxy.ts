import { BlockList, isIP } from "node:net";
import { DhowError } from "../errors.ts";
import { getVariable } from "../system/environment.ts";

/**
 * The proxy that the environment names for a URL (HTTP_PROXY, HTTPS_PROXY, NO_PROXY, in either case), read as Go programs read it;
 * undefined for a direct connection. This machine itself is never asked for through a proxy.
 * @throws {DhowError} `invalid-argument` if the variable holds no URL.
 */
export function findProxy(url: URL): URL | undefined {
  const name = url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const value = getVariable(name) ?? getVariable(name.toLowerCase());
  if (value === undefined || isBypassed(url, getVariable("NO_PROXY") ?? getVariable("no_proxy") ?? ""))
    return undefined;
  return parseProxy(name, value);
}

function parseProxy(name: string, value: string): URL {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`);
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new DhowError(`invalid proxy in the environment variable ${name}`, {
    kind: "invalid-argument",
    hint: "a proxy is written http://host:port",
  });
}

/** Whether a NO_PROXY list exempts the URL: `*`, addresses, address/bits, domains (with their subdomains), each with an optional port. */
export function isBypassed(url: URL, list: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  if (host === "localhost" || isLoopback(host)) return true;
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  return list
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== "" && matchesEntry(entry, host, port));
}

function isLoopback(host: string): boolean {
  return host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

function matchesEntry(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  if (entry.includes("/")) return isInNetwork(entry, host);
  const [, name = entry, wantedPort] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(entry) ?? [];
  if (wantedPort !== undefined && wantedPort !== port) return false;
  const bare = name.replace(/^\[|\]$/g, "");
  if (isIP(bare)) return bare === host;
  const suffix = bare.replace(/^\*/, "");
  return suffix.startsWith(".") ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`);
}

function isInNetwork(network: string, host: string): boolean {
  const [address = "", bits = ""] = network.split("/");
  const family = isIP(address);
  if (!family || isIP(host) !== family || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128))
    return false;
  const type = family === 4 ? "ipv4" : "ipv6";
  const list = new BlockList();
  list.addSubnet(address, Number(bits), type);
  return list.check(host, type);
}
