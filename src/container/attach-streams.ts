import { errnoOf } from "../errors.ts";
import type { AttachSocket, Packet } from "../runtime/attach-socket.ts";
import { detachScanner, parseDetachKeys } from "../runtime/detach-keys.ts";
import { resizeTerminal } from "../runtime/window.ts";
import { enterRawMode, isTerminal, onResize, readInput, windowSize, writeOutput } from "../system/terminal.ts";

/** Which streams of this process are a container's, for as long as it is attached. */
export interface StreamChoice {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Whether the container has a terminal. */
  readonly terminal: boolean;
  /** As the user writes them; "" for none. */
  readonly detachKeys: string;
}

/** `closed`: the container closed its streams, or ended. `broken-pipe`: nobody reads our stdout. */
export type StreamsEnd = "closed" | "detached" | "broken-pipe";

/** Standard streams that are connected to a container. */
export interface AttachedStreams {
  readonly ended: Promise<StreamsEnd>;
  /** Restores the terminal and closes the connection. Call it after every ending. */
  release(): Promise<void>;
}

/**
 * Tells the container's terminal the size of ours, before its program runs.
 * @param directory The folder in which the monitor listens.
 */
export function sendWindowSize(directory: string): void {
  const size = windowSize();
  if (size) resizeTerminal(directory, size);
}

/** Connects the standard streams of this process with a container's. The terminal is raw as long as they are. */
export function connectStreams(
  socket: AttachSocket,
  { directory, choice }: { readonly directory: string; readonly choice: StreamChoice },
): AttachedStreams {
  const undo: (() => void)[] = [];
  const { promise: detached, resolve: detach } = Promise.withResolvers<"detached">();
  const interactive = choice.stdin && isTerminal(0);
  if (choice.terminal) undo.push(onResize(() => sendWindowSize(directory)));
  if (choice.terminal && interactive) undo.push(enterRawMode());
  if (choice.stdin) {
    // Only a person presses keys: other input may hold any bytes.
    const scanner = detachScanner(interactive ? parseDetachKeys(choice.detachKeys) : new Uint8Array());
    const take = async (bytes: Uint8Array) => {
      const scanned = scanner.scan(bytes);
      await socket.write(scanned.pass);
      if (scanned.detached) detach("detached");
    };
    undo.push(readInput(take, () => socket.endInput()));
  }
  return {
    ended: Promise.race([copyOutput(socket, choice), detached]),
    async release() {
      for (const step of undo.reverse()) step();
      await socket.close();
    },
  };
}

async function copyOutput(socket: AttachSocket, choice: StreamChoice): Promise<StreamsEnd> {
  for (let next = socket.read(); ; ) {
    const packet = await next;
    if (!packet) return "closed";
    next = socket.read();
    if (!choice[packet.stream]) continue;
    if (!(await hasReader(packet))) return "broken-pipe";
  }
}

/** Writes a piece of output. @returns False if it was for stdout, which nobody reads any more. */
async function hasReader({ stream, bytes }: Packet): Promise<boolean> {
  try {
    await writeOutput(stream === "stdout" ? 1 : 2, bytes);
  } catch (error) {
    const code = errnoOf(error);
    // A terminal that was closed gives EIO.
    if (code !== "EPIPE" && code !== "EIO") throw error;
    return stream === "stderr";
  }
  return true;
}
