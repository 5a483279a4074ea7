import { accessSync, constants } from "node:fs";
import { DhowError } from "../errors.ts";
import type { NetworkConfig } from "../model/container-config.ts";
import { findProgram } from "../system/process.ts";
import { hasDefaultRoute } from "./host-address.ts";
import { checkPrivilegedPorts } from "./ports.ts";

/** Older pastas refuse to work on a machine without a way to the world; slirp4netns does not mind. */
export function pastaLacksRoute(): boolean {
  return !hasDefaultRoute() && findProgram("slirp4netns") !== undefined;
}

/** Path of the helper program, after checking that it can work here. */
export function requireHelper(name: "pasta" | "slirp4netns", { ports }: Pick<NetworkConfig, "ports">): string {
  const program = findProgram(name);
  if (program === undefined) {
    throw new DhowError(`could not find ${name}, the network namespace can't be configured: it is not installed`, {
      kind: "unavailable",
      hint: `install the package ${packages[name]}, or use --network none or host`,
    });
  }
  requireTunDevice(name);
  checkPrivilegedPorts(ports);
  return program;
}

const packages = { pasta: "passt", slirp4netns: "slirp4netns" };

function requireTunDevice(helper: string): void {
  try {
    accessSync("/dev/net/tun", constants.R_OK | constants.W_OK);
  } catch (cause) {
    const absent = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    throw new DhowError(
      `${helper} cannot connect the container: /dev/net/tun ${absent ? "does not exist" : "is not accessible to you"}`,
      {
        kind: "unavailable",
        cause,
        hint: absent
          ? "as root: modprobe tun; or use --network none or --network host"
          : "as root: chmod 0666 /dev/net/tun; or use --network none or --network host",
      },
    );
  }
}
