import { closeSync, constants } from "node:fs";
import { createRequire } from "node:module";
import { DhowError } from "../errors.ts";

/**
 * The door to the system calls that Node lacks, through koffi (6 ms to load: keep it off paths that need none of them).
 * Paths are passed as bytes, so that names which are not UTF-8 survive.
 */
export interface Libc {
  /** Connects a SOCK_SEQPACKET unix socket and returns its file descriptor. One read(2) returns one packet. */
  connectSeqpacket(path: string): number;
  /** Wakes every blocked reader of a socket. */
  shutdownSocket(fd: number): void;
  /** Tells the other end that nothing more will be written; reading goes on. */
  shutdownWriting(fd: number): void;
  /** Lets every byte pass a terminal as it is, in both directions, with a key at a time. Whoever calls it restores the terminal. */
  makeRaw(fd: number): void;
  mknod(path: Buffer | string, mode: number, device: { major: number; minor: number }): void;
  setXattr(path: Buffer | string, name: string, value: Uint8Array): void;
  /** @returns The value, or undefined if the attribute is not set. */
  getXattr(path: Buffer | string, name: string): Buffer | undefined;
  listXattrs(path: Buffer | string): string[];
  /** Sets both times of a file to the nanosecond, also before 1970; of a symbolic link itself. */
  setTimes(path: Buffer | string, time: { seconds: number; nanoseconds: number }): void;
  /** Writes all that the kernel still holds back for the file system of an open file to its disk. Does not block the thread. */
  syncFileSystem(fd: number): Promise<void>;
  /**
   * Opens (O_PATH) what a path names below a directory, with links followed as if the directory were the root. Nothing that
   * others do to the directory meanwhile leads out of it.
   */
  openInRoot(root: string, path: string): number;
  mount(options: { source: string; target: string; type: string; flags: number; data: string }): void;
  /** From now on "/" is that folder, for all of this process. The working directory stays. */
  chroot(path: string): void;
  /** @param flags MNT_DETACH is 2. */
  unmount(target: string, flags: number): void;
  /**
   * Mounts a folder once more, only to be read, with the ids of its files shown as a user namespace maps them: an id inside
   * of it stands for the one outside. Needs root outside of all user namespaces.
   * @param userNamespace An open file: /proc/PID/ns/user.
   */
  mountIdMapped(options: { source: string; target: string; userNamespace: number }): void;
}

/** A failed system call. `code` is the errno name, as in Node's own errors. */
export class SystemCallError extends Error {
  readonly code: string;
  readonly syscall: string;
  constructor(syscall: string, code: string, path: string) {
    super(`${syscall} '${path}': ${code}`);
    this.syscall = syscall;
    this.code = code;
  }
}

let loaded: Libc | undefined;

/**
 * Loads the system calls on first use.
 * @throws {DhowError} `unavailable` if the native module is not installed for this machine.
 */
export function libc(): Libc {
  loaded ??= bind();
  return loaded;
}

type Koffi = typeof import("koffi");

/** What the groups of bindings share. */
interface Binding {
  readonly lib: ReturnType<Koffi["load"]>;
  /** The name of the last error. */
  lastError(): string;
  /** Passes a result on, or throws for a negative one. */
  check(result: number, syscall: string, path: Buffer | string): number;
}

/** The system calls if something has loaded them already: for what a small program can do as well, if it must. */
export function loadedLibc(): Libc | undefined {
  return loaded;
}

function bind(): Libc {
  const koffi = loadKoffi();
  const codes = koffi.os.errno as Record<string, number>;
  const lastError = () => {
    const errno = koffi.errno();
    return Object.keys(codes).find((name) => codes[name] === errno) ?? `errno ${errno}`;
  };
  const check = (result: number, syscall: string, path: Buffer | string): number => {
    if (result < 0) throw new SystemCallError(syscall, lastError(), path.toString());
    return result;
  };
  const binding: Binding = { lib: koffi.load(null), lastError, check };
  return {
    ...bindSockets(binding),
    ...bindTerminal(binding),
    ...bindFiles(binding),
    ...bindXattrs(binding),
    ...bindLookup(binding),
    ...bindMounts(binding),
  };
}

function loadKoffi(): Koffi {
  try {
    return createRequire(import.meta.url)("koffi");
  } catch (cause) {
    throw new DhowError("cannot load the system call bridge (npm package koffi)", {
      kind: "unavailable",
      cause,
      hint: "reinstall dhow with 'npm install -g dhow', with its optional dependencies",
    });
  }
}

function bindSockets({ lib, check }: Binding): Pick<Libc, "connectSeqpacket" | "shutdownSocket" | "shutdownWriting"> {
  const socket = lib.func("int socket(int, int, int)");
  const connect = lib.func("int connect(int, const uint8_t *, uint32_t)");
  const shutdown = lib.func("int shutdown(int, int)");
  return {
    connectSeqpacket(path) {
      const fd = check(socket(1, 5 | 0o2000000, 0), "socket", path);
      const address = Buffer.alloc(110);
      address.writeUInt16LE(1, 0);
      if (Buffer.byteLength(path) > 107) throw new SystemCallError("connect", "ENAMETOOLONG", path);
      address.write(path, 2);
      check(connect(fd, address, address.length), "connect", path);
      return fd;
    },
    shutdownSocket(fd) {
      shutdown(fd, 2);
    },
    shutdownWriting(fd) {
      shutdown(fd, 1);
    },
  };
}

function bindTerminal({ lib, check }: Binding): Pick<Libc, "makeRaw"> {
  const tcgetattr = lib.func("int tcgetattr(int, _Out_ uint8_t *)");
  const cfmakeraw = lib.func("void cfmakeraw(_Inout_ uint8_t *)");
  const tcsetattr = lib.func("int tcsetattr(int, int, const uint8_t *)");
  return {
    makeRaw(fd) {
      const attributes = Buffer.alloc(64);
      check(tcgetattr(fd, attributes), "tcgetattr", `${fd}`);
      cfmakeraw(attributes);
      check(tcsetattr(fd, 0, attributes), "tcsetattr", `${fd}`);
    },
  };
}

function bindFiles({ lib, check }: Binding): Pick<Libc, "mknod" | "setTimes" | "syncFileSystem"> {
  const mknod = lib.func("int mknod(const uint8_t *, uint32_t, uint64_t)");
  const utimensat = lib.func("int utimensat(int, const uint8_t *, const uint8_t *, int)");
  const syncfs = lib.func("int syncfs(int)");
  return {
    mknod(path, mode, { major, minor }) {
      const device =
        (BigInt(major & 0xfffff000) << 32n) |
        BigInt((major & 0xfff) << 8) |
        (BigInt(minor & ~0xff) << 12n) |
        BigInt(minor & 0xff);
      check(mknod(zeroTerminated(path), mode, device), "mknod", path);
    },
    setTimes(path, { seconds, nanoseconds }) {
      const times = Buffer.alloc(32);
      for (const offset of [0, 16]) {
        times.writeBigInt64LE(BigInt(seconds), offset);
        times.writeBigInt64LE(BigInt(nanoseconds), offset + 8);
      }
      check(utimensat(currentDirectory, zeroTerminated(path), times, noFollow), "utimensat", path);
    },
    syncFileSystem(fd) {
      return new Promise((resolve, reject) => {
        syncfs.async(fd, (error: unknown, result: number) => {
          if (error) reject(error);
          // The error number stays in the other thread; all that the call can say is that writing failed.
          else if (result < 0) reject(new SystemCallError("syncfs", "EIO", `fd ${fd}`));
          else resolve();
        });
      });
    },
  };
}

/** AT_FDCWD and AT_SYMLINK_NOFOLLOW. */
const currentDirectory = -100;
const noFollow = 0x100;

/** openat2(2) is one of the few system calls that libc has no function for; its number is the same everywhere. */
const openat2Number = 437;
const resolveInRoot = 0x10 | 0x02;
const pathOnly = 0o10000000 | 0o2000000;

function bindLookup({ lib, check }: Binding): Pick<Libc, "openInRoot"> {
  const openat2 = lib.func("long syscall(long, int, const uint8_t *, const uint8_t *, size_t)");
  const open = lib.func("int open(const uint8_t *, int)");
  const close = lib.func("int close(int)");
  return {
    openInRoot(root, path) {
      const directory = check(open(zeroTerminated(root), pathOnly | constants.O_DIRECTORY), "open", root);
      try {
        const how = Buffer.alloc(24);
        how.writeBigUInt64LE(BigInt(pathOnly), 0);
        how.writeBigUInt64LE(BigInt(resolveInRoot), 16);
        // The kernel gives up now and then when somebody renames things at the same time.
        for (let attempt = 0; ; attempt++) {
          try {
            return check(
              Number(openat2(openat2Number, directory, zeroTerminated(path), how, how.length)),
              "openat2",
              path,
            );
          } catch (error) {
            if (!(error instanceof SystemCallError) || error.code !== "EAGAIN" || attempt > 100) throw error;
          }
        }
      } finally {
        close(directory);
      }
    },
  };
}

function bindXattrs({ lib, lastError, check }: Binding): Pick<Libc, "setXattr" | "getXattr" | "listXattrs"> {
  const lsetxattr = lib.func("int lsetxattr(const uint8_t *, const char *, const uint8_t *, size_t, int)");
  const lgetxattr = lib.func("int64_t lgetxattr(const uint8_t *, const char *, _Out_ uint8_t *, size_t)");
  // Most files have no attributes: asking for them must not cost an allocation each time.
  const names = Buffer.alloc(65536);
  const llistxattr = lib.func("int64_t llistxattr(const uint8_t *, _Out_ uint8_t *, size_t)");
  return {
    setXattr(path, name, value) {
      check(lsetxattr(zeroTerminated(path), name, value, value.length, 0), "setxattr", path);
    },
    getXattr(path, name) {
      const value = Buffer.alloc(65536);
      const size = Number(lgetxattr(zeroTerminated(path), name, value, value.length));
      if (size < 0 && lastError() === "ENODATA") return undefined;
      return value.subarray(0, check(size, "getxattr", path));
    },
    listXattrs(path) {
      const size = check(Number(llistxattr(zeroTerminated(path), names, names.length)), "listxattr", path);
      return size === 0 ? [] : names.toString("utf8", 0, size).split("\0").filter(Boolean);
    },
  };
}

function bindMounts({ lib, check }: Binding): Pick<Libc, "chroot" | "mount" | "unmount" | "mountIdMapped"> {
  const mount = lib.func("int mount(const char *, const char *, const char *, unsigned long, const char *)");
  const chroot = lib.func("int chroot(const char *)");
  const umount2 = lib.func("int umount2(const char *, int)");
  return {
    mount({ source, target, type, flags, data }) {
      check(mount(source, target, type, flags, data), "mount", target);
    },
    chroot(path) {
      check(chroot(path), "chroot", path);
    },
    unmount(target, flags) {
      check(umount2(target, flags), "umount", target);
    },
    mountIdMapped({ source, target, userNamespace }) {
      // Not every C library has functions for these. Their numbers are the same on all architectures.
      const openTree = lib.func("syscall", "long", ["long", "int", "str", "uint32_t"]);
      const setAttributes = lib.func("syscall", "long", [
        "long",
        "int",
        "str",
        "uint32_t",
        "const uint8_t *",
        "size_t",
      ]);
      const moveMount = lib.func("syscall", "long", ["long", "int", "str", "int", "str", "uint32_t"]);
      const attributes = Buffer.alloc(32);
      attributes.writeBigUInt64LE(BigInt(readOnlyAttribute | noSuidAttribute | noDevAttribute | idMapAttribute), 0);
      attributes.writeBigUInt64LE(BigInt(userNamespace), 24);
      const tree = check(Number(openTree(428, currentDirectory, source, openTreeClone)), "open_tree", source);
      try {
        check(Number(setAttributes(442, tree, "", emptyPath, attributes, 32)), "mount_setattr", source);
        check(Number(moveMount(429, tree, "", currentDirectory, target, moveFromEmptyPath)), "move_mount", target);
      } finally {
        closeSync(tree);
      }
    },
  };
}

/** OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, AT_EMPTY_PATH, MOVE_MOUNT_F_EMPTY_PATH. */
const openTreeClone = 0o2000001;
const emptyPath = 0x1000;
const moveFromEmptyPath = 4;
/** MOUNT_ATTR_*. */
const readOnlyAttribute = 1;
const noSuidAttribute = 2;
const noDevAttribute = 4;
const idMapAttribute = 0x100000;

function zeroTerminated(path: Buffer | string): Buffer {
  return Buffer.concat([Buffer.from(path), Buffer.of(0)]);
}
