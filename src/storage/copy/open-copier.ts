import { once } from "node:events";
import { existsSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { DhowError } from "../../errors.ts";
import { installationFile } from "../../system/installation.ts";
import { shellQuote, startProgram } from "../../system/process.ts";
import type { MountPlan } from "../rootfs.ts";
import type { BindMount, CopyAnswer, CopyRequest, Located, PutOptions } from "./messages.ts";

/** A process that copies to and from a tree, and cannot leave it. It must be closed. */
export interface Copier {
  locate(path: string): Promise<Located>;
  /** Text of a regular file; undefined if there is none, or it is too long. */
  read(path: string, limitBytes: number): Promise<string | undefined>;
  /** @see takeTree */
  take(path: string, name: string | undefined): AsyncIterable<Buffer>;
  /** Unpacks an archive. @returns Warnings. @throws What `archive` throws. */
  put(options: PutOptions, archive: AsyncIterable<Buffer>): Promise<readonly string[]>;
  close(): void;
}

/** Where the tree is. */
export type CopyRoot =
  /** An open folder; for a running container that of its /proc/PID/root. The caller closes it. */
  | { readonly kind: "open"; readonly fd: number }
  /** It is mounted for the copier alone, in a mount namespace that goes with it. */
  | { readonly kind: "mount"; readonly plan: MountPlan; readonly target: string; readonly binds: readonly BindMount[] };

/** Without the right to look into other processes, so that no /proc in the tree leads to theirs. */
const harmless = ["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace"];

export async function openCopier(root: CopyRoot): Promise<Copier> {
  const child = startProgram(commandFor(root), {
    stdio: ["pipe", "pipe", "inherit", root.kind === "open" ? root.fd : "ignore", "ipc"],
  });
  const [stdin, stdout] = child.stdio as unknown as [Writable, Readable];
  stdin.on("error", () => undefined);
  const ended = new Promise<never>((_, reject) => {
    child.once("error", (cause) => reject(new DhowError("cannot start the copier", { kind: "unavailable", cause })));
    child.once("exit", (code) => reject(new DhowError(`the copier ended early (${code})`, { kind: "unavailable" })));
  });
  ended.catch(() => undefined);
  const ask = async (request: CopyRequest): Promise<unknown> => {
    const answered = once(child, "message") as Promise<[CopyAnswer]>;
    child.send(request);
    const [answer] = await Promise.race([answered, ended]);
    if (answer.ok) return answer.value;
    throw new DhowError(answer.message, { kind: answer.kind });
  };
  const copier: Copier = {
    locate: (path) => ask({ op: "locate", path }) as Promise<Located>,
    read: (path, limitBytes) => ask({ op: "read", path, limitBytes }) as Promise<string | undefined>,
    async *take(path, name) {
      const done = ask({ op: "take", path, name });
      done.then(
        () => child.disconnect(),
        () => child.disconnect(),
      );
      for await (const chunk of stdout) yield chunk as Buffer;
      await done;
    },
    async put(options, archive) {
      const done = ask({ op: "put", ...options });
      // What comes first counts: a copier that has failed does not read to the end.
      await Promise.race([feed(stdin, archive), done]);
      return (await done) as readonly string[];
    },
    close() {
      if (child.connected) child.disconnect();
      stdin.destroy();
      stdout.destroy();
      child.unref();
    },
  };
  try {
    await ask({ op: "enter", mounts: root.kind === "mount" ? root.binds : [] });
    return copier;
  } catch (error) {
    copier.close();
    throw error;
  }
}

async function feed(stdin: Writable, archive: AsyncIterable<Buffer>): Promise<void> {
  for await (const chunk of archive) {
    if (stdin.destroyed) return;
    if (!stdin.write(chunk)) await Promise.race([once(stdin, "drain"), once(stdin, "close")]);
  }
  stdin.end();
}

function commandFor(root: CopyRoot): [string, ...string[]] {
  const copier = [...harmless, process.execPath, copierFile()];
  if (root.kind === "open") return copier as [string, ...string[]];
  const { plan, target } = root;
  const script = [
    `cd ${shellQuote([plan.cwd])}`,
    ...plan.commands.map((command) => `${shellQuote(command)} >&2`),
    `exec 3<${shellQuote([target])}`,
    "cd /",
    `exec ${shellQuote(copier)}`,
  ].join(" && ");
  return ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", script];
}

/** The copier beside this file, or what the build makes of it. */
function copierFile(): string {
  const source = fileURLToPath(new URL("copier.ts", import.meta.url));
  return existsSync(source) ? source : installationFile("dist/copier.cjs");
}
