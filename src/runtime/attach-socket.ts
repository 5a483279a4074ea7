import { close, closeSync, openSync, read, write } from "node:fs";
import { DhowError } from "../errors.ts";
import { libc } from "../system/libc.ts";

/** A piece of a container's output. */
export interface Packet {
  readonly stream: "stdout" | "stderr";
  readonly bytes: Uint8Array;
}

/** A connection to the standard streams of a container, through its monitor. */
export interface AttachSocket {
  /**
   * The next piece of output; undefined when there will be no more. The bytes are valid until the call after the next
   * one, so that one piece can be written while the next one is read.
   * Not read means not written: the container's program waits when nobody takes its output.
   */
  read(): Promise<Packet | undefined>;
  /** Passes input on; fulfilled when the monitor has taken it. */
  write(bytes: Uint8Array): Promise<void>;
  /** No more input: the monitor closes the container's stdin. */
  endInput(): void;
  /** Ends all reads and writes and closes. Without it the process could not exit. */
  close(): Promise<void>;
}

/** conmon sends at most 8192 bytes and the number of the stream in front of them, and takes at most 32 KiB at once. */
const largestPacket = 8193;
const largestInput = 32768;
const streams = new Map([
  [2, "stdout"],
  [3, "stderr"],
] as const);

/**
 * Connects to a monitor. Output that comes after that is delivered from its first byte on.
 * @param directory The folder in which the monitor listens; its path may be longer than a socket's address.
 * @throws {DhowError} `unavailable` if nobody listens.
 */
export function connectAttachSocket(directory: string): AttachSocket {
  const fd = connect(directory);
  let packet = Buffer.allocUnsafe(largestPacket);
  let other = Buffer.allocUnsafe(largestPacket);
  let pending: Promise<unknown> = Promise.resolve();
  let ended = false;
  const receive = () =>
    new Promise<number>((resolve) =>
      read(fd, packet, 0, largestPacket, null, (error, size) => resolve(error ? 0 : size)),
    );

  return {
    async read() {
      while (!ended) {
        [packet, other] = [other, packet];
        const receiving = receive();
        pending = receiving;
        const size = await receiving;
        if (size === 0) break;
        const stream = streams.get(packet[0] as 2 | 3);
        if (stream) return { stream, bytes: packet.subarray(1, size) };
      }
      ended = true;
      return undefined;
    },
    async write(bytes) {
      for (let offset = 0; offset < bytes.length && !ended; offset += largestInput) {
        await send(fd, bytes.subarray(offset, offset + largestInput));
      }
    },
    endInput: () => libc().shutdownWriting(fd),
    async close() {
      ended = true;
      libc().shutdownSocket(fd);
      await pending;
      await new Promise<void>((resolve) => close(fd, () => resolve()));
    },
  };
}

/** A monitor that is gone takes no input; that is not the sender's failure. */
function send(fd: number, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => write(fd, bytes, 0, bytes.length, null, () => resolve()));
}

function connect(directory: string): number {
  let folder: number | undefined;
  try {
    folder = openSync(directory, "r");
    return libc().connectSeqpacket(`/proc/self/fd/${folder}/attach`);
  } catch (cause) {
    if (cause instanceof DhowError) throw cause;
    throw new DhowError("cannot connect to the container's monitor", { kind: "unavailable", cause });
  } finally {
    if (folder !== undefined) closeSync(folder);
  }
}
