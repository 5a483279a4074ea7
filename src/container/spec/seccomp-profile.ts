import type { SyscallArgument } from "../../oci/runtime-spec.ts";

/**
 * dhow's default seccomp profile as data: the same effect as the profile of containers-common. Unknown calls answer
 * ENOSYS, so that libraries fall back to older ones; known but forbidden calls answer EPERM.
 */
export interface ProfileRule {
  /** Separated by white space. */
  readonly calls: string;
  readonly allow: boolean;
  /** For rules that refuse; EPERM unless said otherwise. */
  readonly errno?: number;
  readonly args?: readonly SyscallArgument[];
  /** Holds only if the container has one of these capabilities. */
  readonly withCapability?: readonly string[];
  /** Holds only if the container has none of these capabilities. */
  readonly withoutCapability?: readonly string[];
  /** Holds only on these machines, by Go's names. */
  readonly architectures?: readonly string[];
}

const alwaysAllowed = `
  _llseek _newselect accept accept4 access adjtimex alarm bind brk capget capset chdir chmod chown chown32
  clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep
  clock_nanosleep_time64 clone clone3 close close_range connect copy_file_range creat dup dup2 dup3 epoll_create
  epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 execve
  execveat exit exit_group faccessat faccessat2 fadvise64 fadvise64_64 fallocate fanotify_init fanotify_mark
  fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr flistxattr flock
  fork fremovexattr fsconfig fsetxattr fsmount fsopen fspick fstat fstat64 fstatat64 fstatfs fstatfs64 fsync
  ftruncate ftruncate64 futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake futimesat get_mempolicy
  get_robust_list get_thread_area getcpu getcwd getdents getdents64 getegid getegid32 geteuid geteuid32 getgid
  getgid32 getgroups getgroups32 getitimer getpeername getpgid getpgrp getpid getppid getpriority getrandom
  getresgid getresgid32 getresuid getresuid32 getrlimit getrusage getsid getsockname getsockopt gettid
  gettimeofday getuid getuid32 getxattr inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel
  io_destroy io_getevents io_setup io_submit ioctl ioprio_get ioprio_set ipc keyctl kill landlock_add_rule
  landlock_create_ruleset landlock_restrict_self lchown lchown32 lgetxattr link linkat listen listxattr llistxattr
  lremovexattr lseek lsetxattr lstat lstat64 madvise mbind membarrier memfd_create memfd_secret mincore mkdir
  mkdirat mknod mknodat mlock mlock2 mlockall mmap mmap2 mount mount_setattr move_mount mprotect mq_getsetattr
  mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink mremap
  msgctl msgget msgrcv msgsnd msync munlock munlockall munmap name_to_handle_at nanosleep newfstatat open
  open_tree openat openat2 pause pidfd_getfd pidfd_open pidfd_send_signal pipe pipe2 pivot_root pkey_alloc
  pkey_free pkey_mprotect poll ppoll ppoll_time64 prctl pread64 preadv preadv2 prlimit64 process_mrelease
  process_vm_readv process_vm_writev pselect6 pselect6_time64 ptrace pwrite64 pwritev pwritev2 read readahead
  readdir readlink readlinkat readv reboot recv recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages
  removexattr rename renameat renameat2 restart_syscall rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask
  rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo
  sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler
  sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam
  sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop semtimedop_time64 send sendfile
  sendfile64 sendmmsg sendmsg sendto set_mempolicy set_robust_list set_thread_area set_tid_address setfsgid
  setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setitimer setns setpgid setpriority
  setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setrlimit setsid setsockopt
  setuid setuid32 setxattr shmat shmctl shmdt shmget shutdown sigaction sigaltstack signal signalfd signalfd4
  sigpending sigprocmask sigreturn sigsuspend socketcall socketpair splice stat stat64 statfs statfs64 statx
  symlink symlinkat sync sync_file_range syncfs sysinfo syslog tee tgkill time timer_create timer_delete
  timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd timerfd_create
  timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times tkill truncate truncate64 ugetrlimit
  umask umount umount2 uname unlink unlinkat unshare utime utimensat utimensat_time64 utimes vfork wait4 waitid
  waitpid write writev
`;

const alwaysForbidden = `
  bdflush cachestat io_pgetevents io_pgetevents_time64 kexec_file_load kexec_load map_shadow_stack migrate_pages
  move_pages nfsservctl nice oldfstat oldlstat oldolduname oldstat olduname pciconfig_iobase pciconfig_read
  pciconfig_write sgetmask ssetmask swapoff swapon syscall sysfs uselib userfaultfd ustat vm86 vm86old vmsplice
`;

/** Calls that stand and fall with one of some capabilities. */
const privileged: readonly (readonly [capabilities: readonly string[], calls: string])[] = [
  [["CAP_DAC_READ_SEARCH"], "open_by_handle_at"],
  [["CAP_SYS_ADMIN"], "lookup_dcookie quotactl quotactl_fd setdomainname sethostname"],
  [["CAP_SYS_ADMIN", "CAP_BPF"], "bpf"],
  [["CAP_SYS_ADMIN", "CAP_PERFMON"], "perf_event_open"],
  [["CAP_SYS_CHROOT"], "chroot"],
  [["CAP_SYS_MODULE"], "delete_module finit_module init_module query_module"],
  [["CAP_SYS_PACCT"], "acct"],
  [["CAP_SYS_PTRACE"], "kcmp process_madvise"],
  [["CAP_SYS_RAWIO"], "ioperm iopl"],
  [["CAP_SYS_TIME"], "clock_settime clock_settime64 settimeofday stime"],
  [["CAP_SYS_TTY_CONFIG"], "vhangup"],
];

/** Linux, Linux with 16-bit uids, both with uname26, and the question for the current one. */
const personalities = [0, 8, 0x20000, 0x20008, 0xffffffff];

const AF_VSOCK = 40;
const AF_NETLINK = 16;
const NETLINK_AUDIT = 9;
const EINVAL = 22;

const equal = (index: number, value: number): SyscallArgument => ({ index, value, op: "SCMP_CMP_EQ" });
const different = (index: number, value: number): SyscallArgument => ({ index, value, op: "SCMP_CMP_NE" });

export const defaultProfile: readonly ProfileRule[] = [
  { calls: alwaysForbidden, allow: false },
  { calls: alwaysAllowed, allow: true },
  ...personalities.map((value) => ({ calls: "personality", allow: true, args: [equal(0, value)] })),
  { calls: "sync_file_range2 swapcontext", allow: true, architectures: ["ppc64le"] },
  {
    calls: "arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush set_tls sync_file_range2",
    allow: true,
    architectures: ["arm", "arm64"],
  },
  { calls: "arch_prctl modify_ldt", allow: true, architectures: ["amd64"] },
  { calls: "modify_ldt", allow: true, architectures: ["386"] },
  { calls: "s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr", allow: true, architectures: ["s390x"] },
  { calls: "riscv_flush_icache", allow: true, architectures: ["riscv64"] },
  ...privileged.flatMap(([capabilities, calls]) => [
    { calls, allow: true, withCapability: capabilities },
    { calls, allow: false, withoutCapability: capabilities },
  ]),
  ...sockets(),
];

/**
 * Sockets of all kinds but two: those that reach the hypervisor, and those of the kernel's audit log, which need a
 * capability of their own. libseccomp gives a rule on one value precedence over rules on all other values.
 */
function sockets(): ProfileRule[] {
  const audit = ["CAP_AUDIT_WRITE"];
  const socket = { calls: "socket", allow: true };
  return [
    { ...socket, allow: false, args: [equal(0, AF_VSOCK)] },
    { ...socket, args: [different(0, AF_VSOCK)], withCapability: audit },
    {
      ...socket,
      allow: false,
      errno: EINVAL,
      args: [equal(0, AF_NETLINK), equal(2, NETLINK_AUDIT)],
      withoutCapability: audit,
    },
    { ...socket, args: [equal(0, AF_NETLINK), different(2, NETLINK_AUDIT)], withoutCapability: audit },
    { ...socket, args: [different(0, AF_NETLINK)], withoutCapability: audit },
  ];
}
