import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { posix } from "node:path";
import { pack } from "tar-stream";
import { DhowError } from "../errors.ts";
import { findProgram, runProgram } from "../system/process.ts";

export interface StaticBusybox {
  readonly path: string;
  /** When the program was built: the time stamp of everything in the image. */
  readonly modified: Date;
}

/** Names under which distributions install a busybox that needs no libraries. */
const programNames = ["busybox", "busybox.static", "busybox-static"];

/** @throws {DhowError} `unavailable`. */
export function findStaticBusybox(): StaticBusybox {
  const found = programNames.map(findProgram).filter((path) => path !== undefined);
  const path = found.find(isStatic);
  if (path === undefined) {
    const reason = found.length === 0 ? "there is no busybox" : `${found.join(", ")} needs shared libraries`;
    throw new DhowError(`cannot make the default image: ${reason}`, {
      kind: "unavailable",
      hint: "install it: apt install busybox-static (Debian, Ubuntu), apk add busybox-static (Alpine), or the package busybox (Fedora, Arch, openSUSE: busybox-static)",
    });
  }
  const seconds = Math.floor(statSync(path).mtimeMs / 1000);
  return { path, modified: new Date(seconds * 1000) };
}

/** A tar archive with the program, a link for every applet, and the few files that every system has. */
export async function packBusybox({ path, modified: mtime }: StaticBusybox): Promise<Buffer> {
  const archive = pack();
  const common = { uid: 0, gid: 0, mtime };
  const applets = runProgram([path, "--list-full"]).split("\n").filter(Boolean).sort();
  for (const [name, mode] of directoriesOf(applets))
    archive.entry({ ...common, name: `${name}/`, mode, type: "directory" });
  for (const [name, content] of Object.entries(files)) archive.entry({ ...common, name, mode: 0o644 }, content);
  archive.entry({ ...common, name: "bin/busybox", mode: 0o755 }, readFileSync(path));
  for (const name of applets) {
    if (name === "bin/busybox") continue;
    archive.entry({ ...common, name, mode: 0o777, type: "symlink", linkname: "/bin/busybox" });
  }
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Folders with another mode than 0755. */
const specialModes: Readonly<Record<string, number>> = { tmp: 0o1777, "var/tmp": 0o1777, root: 0o700 };

/** What is mounted over, or what programs take for granted. */
const usualDirectories = [
  "dev",
  "etc",
  "home",
  "mnt",
  "opt",
  "proc",
  "root",
  "run",
  "srv",
  "sys",
  "tmp",
  "usr/local/bin",
  "var/tmp",
];

/** All folders, parents first. */
function directoriesOf(applets: readonly string[]): [string, number][] {
  const names = new Set<string>();
  for (const directory of [...usualDirectories, "bin", ...applets.map((applet) => posix.dirname(applet))]) {
    for (let name = directory; name !== "."; name = posix.dirname(name)) names.add(name);
  }
  return [...names].sort().map((name) => [name, specialModes[name] ?? 0o755]);
}

const files: Readonly<Record<string, string>> = {
  "etc/passwd": [
    "root:x:0:0:root:/root:/bin/sh",
    "daemon:x:1:1:daemon:/usr/sbin:/bin/false",
    "bin:x:2:2:bin:/bin:/bin/false",
    "www-data:x:33:33:www-data:/var/www:/bin/false",
    "nobody:x:65534:65534:nobody:/:/bin/false",
    "",
  ].join("\n"),
  "etc/group": [
    "root:x:0:",
    "daemon:x:1:",
    "bin:x:2:",
    "tty:x:5:",
    "www-data:x:33:",
    "users:x:100:",
    "nogroup:x:65534:",
    "",
  ].join("\n"),
  "etc/profile": "export PS1='\\u@\\h:\\w\\$ '\n",
};

/** Whether an ELF program names no interpreter: whether it runs without shared libraries. */
function isStatic(path: string): boolean {
  const header = Buffer.alloc(4096);
  const file = openSync(path, "r");
  try {
    readSync(file, header, 0, header.length, 0);
  } finally {
    closeSync(file);
  }
  if (header.toString("latin1", 0, 4) !== "\x7fELF") return false;
  // @see https://refspecs.linuxfoundation.org/elf/elf.pdf: class 2 is 64 bit; data 1 is little endian.
  const [is64, isLittle] = [header[4] === 2, header[5] === 1];
  const word = (at: number, size: 2 | 4) => (isLittle ? header.readUIntLE(at, size) : header.readUIntBE(at, size));
  const start = is64 ? word(32, 4) : word(28, 4);
  const [size, count] = is64 ? [word(54, 2), word(56, 2)] : [word(42, 2), word(44, 2)];
  const interpreter = 3;
  for (let index = 0; index < count && start + (index + 1) * size <= header.length; index++) {
    if (word(start + index * size, 4) === interpreter) return false;
  }
  return true;
}
