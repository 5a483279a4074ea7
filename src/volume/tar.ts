import { mkdirSync, rmdirSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { DhowError } from "../errors.ts";
import { newTemporaryPath } from "../storage/temporary.ts";
import { startProgram } from "../system/process.ts";

const packing = ["--numeric-owner", "--xattrs", "--xattrs-include=*", "--sparse", "--format=posix"];
const unpacking = ["--numeric-owner", "--same-owner", "-p", "--xattrs", "--xattrs-include=*", "--no-overwrite-dir"];

/** Writes the content of a directory to a file descriptor, as a tar archive. @throws {DhowError} `corrupt`. */
export async function writeTree(directory: string, fd: number, what: string): Promise<void> {
  await ended(
    startProgram(["tar", "-C", directory, ...packing, "-cf", "-", "."], { stdio: ["ignore", fd, "pipe"] }),
    what,
  );
}

/** The content of a directory as a tar archive. A failure destroys the stream. */
export function packTree(directory: string): Readable {
  const tar = startProgram(["tar", "-C", directory, ...packing, "-cf", "-", "."], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stream = tar.stdout as Readable;
  ended(tar, `copying ${directory}`).catch((error: unknown) => stream.destroy(error as Error));
  return stream;
}

/**
 * Runs tar where it sees programs (read-only) and the directory, and nothing else of the machine: links that an archive or
 * another process makes in the directory lead nowhere.
 */
const sandbox = `
root=$1 data=$2; shift 2
mount -t tmpfs -o mode=755 tmpfs "$root" || exit
for name in bin sbin lib lib32 lib64 usr nix gnu; do
  if [ -L "/$name" ]; then ln -s "$(readlink "/$name")" "$root/$name"
  elif [ -d "/$name" ]; then
    mkdir "$root/$name" && mount --rbind "/$name" "$root/$name" && mount -o remount,bind,ro "$root/$name" || exit
  fi
done
mkdir "$root/volume" && mount --bind "$data" "$root/volume" || exit
exec chroot "$root" tar -C /volume "$@"
`;

/**
 * Unpacks a tar archive into a directory, which others may be changing.
 * @param scratch The data folder.
 */
export async function extractInto(scratch: string, directory: string, archive: AsyncIterable<Buffer>): Promise<void> {
  const root = newTemporaryPath(scratch);
  mkdirSync(root, { mode: 0o700 });
  const argv = ["unshare", "--mount", "--propagation", "private", "sh", "-c", sandbox, "tar", root, directory] as const;
  const tar = startProgram([...argv, ...unpacking, "-xf", "-"], { stdio: ["pipe", "ignore", "pipe"] });
  const end = ended(tar, "unpacking into the volume");
  end.catch(() => undefined);
  try {
    await feed(archive, tar.stdin as Writable);
    await end;
  } finally {
    tar.stdin?.destroy();
    await end.catch(() => undefined);
    rmdirSync(root);
  }
}

/** Writes chunks to a program. One that has stopped to read says why itself. */
export async function feed(chunks: AsyncIterable<Buffer>, stream: Writable): Promise<void> {
  let isBroken = false;
  const broken = new Promise<void>((resolve) =>
    stream.once("error", () => {
      isBroken = true;
      resolve();
    }),
  );
  for await (const chunk of chunks) {
    if (isBroken) return;
    if (!stream.write(chunk)) await Promise.race([new Promise((resolve) => stream.once("drain", resolve)), broken]);
  }
  stream.end();
}

/** Waits for the end of a program. @throws {DhowError} `corrupt`, with what it said, if it fails. */
export async function ended(child: ReturnType<typeof startProgram>, what: string): Promise<void> {
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-10_000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", (cause) => reject(new DhowError(`${what}: cannot start tar`, { kind: "unavailable", cause })));
    child.once("close", resolve);
  });
  if (code === 0) return;
  const lines = said.trim().split("\n");
  const reason = lines.find((line) => !/Exiting with failure|exit delayed/.test(line)) ?? `exit status ${code}`;
  throw new DhowError(`${what}: ${reason}`, { kind: "corrupt" });
}
