import { DhowError } from "../../errors.ts";
import { findProgram, tryRun } from "../../system/process.ts";

/** The programs that networks are made of. */
export interface BridgeTools {
  readonly netavark: string;
  readonly version: Version;
  /** What netavark is to drive, as it is told by NETAVARK_FW. */
  readonly firewall: "nftables" | "iptables";
}

/** The first version of netavark that drives nftables. */
const firstNftables: Version = [1, 10];

/** @throws {DhowError} `unavailable`, naming the package that is missing. */
export function findBridgeTools(): BridgeTools {
  const netavark = findProgram("netavark");
  if (netavark === undefined) {
    throw new DhowError("could not find netavark, networks can't be made: it is not installed", {
      kind: "unavailable",
      hint: "install the packages netavark and aardvark-dns, or use --network pasta",
    });
  }
  const version = versionOf(netavark);
  return { netavark, version, firewall: chooseFirewall(version) };
}

function chooseFirewall(version: Version): BridgeTools["firewall"] {
  const [hasIptables, hasNft] = [findProgram("iptables") !== undefined, findProgram("nft") !== undefined];
  if (hasNft && isAtLeast(version, firstNftables)) return "nftables";
  if (hasIptables) return "iptables";
  throw new DhowError("networks can't be made: iptables is not installed", {
    kind: "unavailable",
    hint: "install the package iptables (or nftables, for netavark 1.10 or later), or use --network pasta",
  });
}

export type Version = readonly [major: number, minor: number];

/** The version that a program tells of itself; 0.0 if it tells none. */
export function versionOf(program: string): Version {
  const [, major = "0", minor = "0"] = /(\d+)\.(\d+)/.exec(tryRun([program, "--version"]).stdout) ?? [];
  return [Number(major), Number(minor)];
}

export function isAtLeast([major, minor]: Version, [wantedMajor, wantedMinor]: Version): boolean {
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

/** Path of ip(8). @throws {DhowError} `unavailable`. */
export function findIp(): string {
  const program = findProgram("ip");
  if (program !== undefined) return program;
  throw new DhowError("could not find ip, the container's network can't be configured: it is not installed", {
    kind: "unavailable",
    hint: "install the package iproute2",
  });
}
