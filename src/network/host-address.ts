import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";

/** The host as its containers reach it: its IPv4 address on the way to the world. */
export function hostAddress(): string | undefined {
  const addresses = networkInterfaces();
  const preferred = defaultInterface();
  const names = preferred === undefined ? Object.keys(addresses) : [preferred, ...Object.keys(addresses)];
  return names.flatMap((name) => addresses[name] ?? []).find(({ family, internal }) => family === "IPv4" && !internal)
    ?.address;
}

/** Whether the machine knows a way to the world, by IPv4 or IPv6: pasta needs one to copy. */
export function hasDefaultRoute(): boolean {
  return defaultInterface() !== undefined || hasDefaultRoute6();
}

/** Interface of the default route with the smallest metric. */
function defaultInterface(): string | undefined {
  return readLines("/proc/net/route")
    .map((line) => line.split("\t"))
    .filter(([, destination, , flags]) => destination === "00000000" && (Number.parseInt(flags ?? "0", 16) & 1) === 1)
    .sort((a, b) => Number(a[6]) - Number(b[6]))[0]?.[0];
}

function hasDefaultRoute6(): boolean {
  return readLines("/proc/net/ipv6_route").some((line) => {
    const [destination = "", prefix, , , , , , , , name] = line.trim().split(/\s+/);
    return /^0+$/.test(destination) && prefix === "00" && name !== "lo";
  });
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, "latin1").split("\n");
  } catch {
    return [];
  }
}
