import type { ContainerConfig } from "../../model/container-config.ts";
import type { ContainerDefaults } from "../../oci/image.ts";
import type { ContainerFlags } from "./flags.ts";
import { parseBytes } from "./values.ts";

type SystemdFlags = Pick<ContainerFlags, "systemd" | "shm-size-systemd" | "stop-signal">;

/** What tells systemd to shut down. */
const shutdownSignal = "SIGRTMIN+3";

/** Whether the container is prepared for a systemd in it, and how it is stopped then. */
export function buildSystemd(
  flags: SystemdFlags,
  argv: readonly string[],
  image: ContainerDefaults,
): Partial<Pick<ContainerConfig, "systemd" | "stopSignal">> {
  const size = flags["shm-size-systemd"];
  const bytes = size === undefined ? 0 : parseBytes(size);
  if (flags.systemd === "false" || (flags.systemd === "true" && !runsSystemd(argv))) return {};
  return {
    systemd: bytes > 0 ? { tmpfsSizeBytes: bytes } : {},
    ...(flags["stop-signal"] || image.StopSignal ? {} : { stopSignal: shutdownSignal }),
  };
}

/** Builds put `/bin/sh -c` before an ENTRYPOINT that is no list. */
function runsSystemd(argv: readonly string[]): boolean {
  const [program = ""] = argv.length > 2 && argv[0] === "/bin/sh" && argv[1] === "-c" ? argv.slice(2) : argv;
  return /^\/(?:usr\/(?:local\/)?)?sbin\/init$/.test(program) || /(?:^|\/)systemd$/.test(program);
}
