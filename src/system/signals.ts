/** Every signal that ends or stops a process unless it is caught, and that Node lets us catch. */
const catchable = [
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGILL",
  "SIGTRAP",
  "SIGABRT",
  "SIGBUS",
  "SIGFPE",
  "SIGUSR1",
  "SIGSEGV",
  "SIGUSR2",
  "SIGALRM",
  "SIGTERM",
  "SIGSTKFLT",
  "SIGCONT",
  "SIGTSTP",
  "SIGTTIN",
  "SIGTTOU",
  "SIGXCPU",
  "SIGXFSZ",
  "SIGVTALRM",
  "SIGIO",
  "SIGPWR",
  "SIGSYS",
] as const satisfies readonly NodeJS.Signals[];

/**
 * Hands every signal that this process gets to `handle` instead of letting it take effect.
 * @returns What undoes it.
 */
export function catchSignals(handle: (signal: NodeJS.Signals) => void): () => void {
  for (const signal of catchable) process.on(signal, handle);
  return () => {
    for (const signal of catchable) process.off(signal, handle);
  };
}

/**
 * Sends a signal to a process.
 * @param signal Name or number; 0 only asks whether the process is there.
 * @returns False if there is no such process.
 */
export function sendSignal(pid: number, signal: NodeJS.Signals | number): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
    throw error;
  }
}

const endingSignals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/**
 * Does something before a signal ends this process: what must not stay behind goes, and the process ends as it would have.
 * @returns What undoes it.
 */
export function beforeEndingSignal(clean: () => void): () => void {
  const undo = () => {
    for (const signal of endingSignals) process.off(signal, end);
  };
  const end = (signal: NodeJS.Signals) => {
    undo();
    clean();
    sendSignal(process.pid, signal);
  };
  for (const signal of endingSignals) process.on(signal, end);
  return undo;
}
