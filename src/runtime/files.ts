/** The files in a container's run folder, which is also its OCI bundle. conmon fixes the names of those it makes. */
export interface RunFiles {
  readonly config: string;
  /** Where the root filesystem is mounted. */
  readonly rootfs: string;
  /** State of the OCI runtime: its --root. One a container, so that a container's state goes with its folder. */
  readonly runtimeRoot: string;
  /** Pid of the script that starts the container, while it does. */
  readonly scriptPidFile: string;
  readonly pidFile: string;
  readonly monitorPidFile: string;
  /** Written by conmon when the container's process has ended: its exit code. */
  readonly exitFile: string;
  /** Present when the kernel killed the container for want of memory. */
  readonly oomFile: string;
  /** Where /dev/shm of a container is mounted whose IPC namespace others may join. */
  readonly shm: string;
  /** fifo for window sizes. */
  readonly control: string;
  /** Identity of the process that will clean up after the container. */
  readonly attendant: string;
  /** Locked by the monitor as long as it lives, if the container has a health check. */
  readonly alive: string;
  /** Pid of the timer that runs the health check. */
  readonly healthPidFile: string;
}

/** The names of everything in a container's run folder. */
export function runFiles(runDirectory: string): RunFiles {
  return {
    config: `${runDirectory}/config.json`,
    rootfs: `${runDirectory}/rootfs`,
    runtimeRoot: `${runDirectory}/runtime`,
    scriptPidFile: `${runDirectory}/script.pid`,
    pidFile: `${runDirectory}/pidfile`,
    monitorPidFile: `${runDirectory}/conmon.pid`,
    exitFile: `${runDirectory}/exit`,
    oomFile: `${runDirectory}/oom`,
    shm: `${runDirectory}/shm`,
    control: `${runDirectory}/ctl`,
    attendant: `${runDirectory}/attendant`,
    alive: `${runDirectory}/alive`,
    healthPidFile: `${runDirectory}/health.pid`,
  };
}
