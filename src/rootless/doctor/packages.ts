export type PackageManager = "apt" | "dnf" | "apk" | "pacman" | "zypper";

/** Packages by need, where they are not called like the program. */
const packageNames: Readonly<Record<string, Readonly<Record<PackageManager, string>>>> = {
  newuidmap: { apt: "uidmap", dnf: "shadow-utils", apk: "shadow-uidmap", pacman: "shadow", zypper: "shadow" },
  nsenter: utilLinux(),
  unshare: utilLinux(),
  flock: { ...utilLinux(), apk: "flock" },
  mount: { apt: "mount", dnf: "util-linux-core", apk: "mount", pacman: "util-linux", zypper: "util-linux" },
  iptables: { apt: "iptables", dnf: "iptables-nft", apk: "iptables", pacman: "iptables", zypper: "iptables" },
  nft: { apt: "nftables", dnf: "nftables", apk: "nftables", pacman: "nftables", zypper: "nftables" },
  ip: { apt: "iproute2", dnf: "iproute", apk: "iproute2", pacman: "iproute2", zypper: "iproute2" },
  pasta: { apt: "passt", dnf: "passt", apk: "passt", pacman: "passt", zypper: "passt" },
};

function utilLinux() {
  return {
    apt: "util-linux",
    dnf: "util-linux-core",
    apk: "util-linux-misc",
    pacman: "util-linux",
    zypper: "util-linux",
  };
}

const installCommands: Readonly<Record<PackageManager, string>> = {
  apt: "apt-get install -y",
  dnf: "dnf install -y",
  apk: "apk add",
  pacman: "pacman -S",
  zypper: "zypper install",
};

/** The package that has a program. */
export function packageOf(program: string, manager: PackageManager): string {
  return packageNames[program]?.[manager] ?? program;
}

export interface Installer {
  readonly uid: number;
  readonly packageManager: PackageManager | undefined;
}

/** The command that installs programs. */
export function installLine({ uid, packageManager }: Installer, ...programs: readonly string[]): string {
  if (packageManager === undefined) return `install ${programs.join(" and ")} with the package manager of this system`;
  const packages = [...new Set(programs.map((program) => packageOf(program, packageManager)))];
  return `${uid === 0 ? "" : "sudo "}${installCommands[packageManager]} ${packages.join(" ")}`;
}

const families: readonly (readonly [PackageManager, readonly string[]])[] = [
  ["apt", ["debian", "ubuntu"]],
  ["dnf", ["fedora", "rhel", "centos"]],
  ["apk", ["alpine"]],
  ["pacman", ["arch"]],
  ["zypper", ["suse", "opensuse", "sles"]],
];

/** The package manager of a distribution, by its /etc/os-release. */
export function packageManagerOf(osRelease: string | undefined): PackageManager | undefined {
  const value = (name: string) => new RegExp(`^${name}="?([^"\n]*)"?$`, "m").exec(osRelease ?? "")?.[1] ?? "";
  const ids = `${value("ID")} ${value("ID_LIKE")}`.split(/[\s-]+/);
  return families.find(([, names]) => names.some((name) => ids.includes(name)))?.[0];
}
