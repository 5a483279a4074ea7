import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import type { TestUser } from "./harness.ts";
import { findProgram } from "./programs.ts";

const hybrid = "/sys/fs/cgroup/unified";

/** Whether Debian's podman and skopeo are here, and can run containers: on hybrid cgroups only root can arrange that. */
export function canUsePodman(): boolean {
  const isInstalled = findProgram("podman") !== undefined && findProgram("skopeo") !== undefined;
  return isInstalled && (process.getuid?.() === 0 || !existsSync(hybrid));
}

export interface Podman {
  /** Runs the real podman as the user, with a store of its own, and returns its stdout without the last line feed. */
  podman(...args: string[]): string;
  /** The same for skopeo, which shares the store. */
  skopeo(...args: string[]): string;
  /** Removes the store. */
  dispose(): void;
}

/** The real podman for a user of dhow, to exchange images with. */
export function openPodman(user: TestUser): Podman {
  const run = (program: string, args: readonly string[]): string => {
    const environment = [
      `HOME=${user.home}`,
      `USER=${user.name}`,
      `XDG_RUNTIME_DIR=${user.home}/.run`,
      "PATH=/usr/bin:/bin:/usr/sbin:/sbin",
    ];
    const become =
      process.getuid?.() === 0 && user.uid !== 0
        ? ["setpriv", `--reuid=${user.name}`, `--regid=${user.name}`, "--init-groups"]
        : [];
    // Podman waits up to 20 s for a conmon that has ended until somebody reaps it, which not every machine's first process does.
    const argv = [...become, "env", "-i", ...environment, "catatonit", "--", program, ...args];
    // Debian 12's crun starts nothing where it sees the hybrid layout.
    const script = `mount --bind ${hybrid} /sys/fs/cgroup; exec "$@"`;
    const [file = "", ...rest] = existsSync(hybrid) ? ["unshare", "-m", "sh", "-c", script, "sh", ...argv] : argv;
    return execFileSync(file, rest, { cwd: user.home, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trimEnd();
  };
  return {
    podman: (...args) => run("podman", args),
    skopeo: (...args) => run("skopeo", args),
    dispose() {
      run("podman", ["unshare", "rm", "-rf", `${user.home}/.local/share/containers`]);
      // Its pause process keeps the namespace of what is gone.
      run("podman", ["system", "migrate"]);
    },
  };
}
