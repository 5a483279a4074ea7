import type { MountConfig } from "../../model/container-config.ts";
import { invalid, unsupported } from "./values.ts";

/** Options of which only one of a row may be given, with podman's words for giving two. */
const exclusive: readonly { readonly names: readonly string[]; readonly complaint: string }[] = [
  { names: ["rw", "ro"], complaint: "only one of 'rw' and 'ro' can be used" },
  { names: ["exec", "noexec"], complaint: "only one of 'noexec' and 'exec' can be used" },
  { names: ["suid", "nosuid"], complaint: "only one of 'nosuid' and 'suid' can be used" },
  { names: ["dev", "nodev"], complaint: "only one of 'nodev' and 'dev' can be used" },
  { names: ["bind", "rbind"], complaint: "only one of 'rbind' and 'bind' can be used" },
  { names: ["U"], complaint: "the 'U' option can only be set once" },
  { names: ["size"], complaint: "only one tmpfs size can be specified" },
  { names: ["mode"], complaint: "only one tmpfs mode can be specified" },
  { names: ["z", "Z"], complaint: "only one of 'z' and 'Z' can be used" },
  { names: ["tmpcopyup", "notmpcopyup"], complaint: "the 'tmpcopyup' or 'notmpcopyup' option can only be set once" },
  { names: ["copy", "nocopy"], complaint: "only one of 'nocopy' and 'copy' can be used" },
  {
    names: ["private", "rprivate", "slave", "rslave", "shared", "rshared", "unbindable", "runbindable"],
    complaint: "only one root propagation mode can be used",
  },
];

const propagation = exclusive.at(-1)?.names ?? [];

/** Options without a meaning here: SELinux labels on a machine without SELinux, and Docker's for macOS. */
const meaningless = ["z", "Z", "consistency"];

/** Options that dhow gives a meaning itself; the runtime does not see them. */
const own = ["O", "U", "copy", "nocopy", "nocreate", "upperdir", "workdir", "subpath"];

/** What the options of a mount come to. */
export interface MountOptions extends Pick<MountConfig, "overlay" | "chown" | "noCopy" | "subpath"> {
  /** For the runtime. */
  readonly options: readonly string[];
  /** Whether the volume must exist. */
  readonly noCreate: boolean;
}

/**
 * The options of a bind mount or a volume: recursive, private, without setuid and devices, unless said otherwise.
 * @throws {DhowError} `invalid-argument` for unknown and contradicting options; `unsupported` for `idmap` and `no-dereference`.
 */
export function bindOptions(given: readonly string[]): MountOptions {
  checkOptions(given, (name) => {
    if (tmpfsOnly.includes(name)) return `the '${name}' option is only allowed with tmpfs mounts: invalid mount option`;
    if (name === "noswap") return "the 'noswap' option is only allowed with tmpfs mounts: invalid mount option";
    return undefined;
  });
  const options = given.filter((option) => !meaningless.includes(nameOf(option)) && !own.includes(nameOf(option)));
  const has = (...names: readonly string[]) => names.some((name) => options.includes(name));
  if (!has(...propagation)) options.push(has("bind") ? "private" : "rprivate");
  addSafetyOptions(options);
  if (!has("bind", "rbind")) options.push("rbind");
  const subpath = givenValue(given, "subpath");
  return {
    options,
    noCreate: given.includes("nocreate"),
    ...(given.includes("U") ? { chown: true } : {}),
    ...(given.includes("nocopy") ? { noCopy: true } : {}),
    ...(subpath === undefined ? {} : { subpath }),
    ...overlayOf(given),
  };
}

function overlayOf(given: readonly string[]): Pick<MountConfig, "overlay"> {
  const upper = givenValue(given, "upperdir");
  const work = givenValue(given, "workdir");
  if (!given.includes("O")) {
    if (upper === undefined && work === undefined) return {};
    throw invalid("the 'upperdir' and 'workdir' options are only allowed with the 'O' option: invalid mount option");
  }
  if ((upper === undefined) !== (work === undefined)) throw invalid("must set both `upperdir` and `workdir`");
  const others = given.filter((option) => !["O", "U", "upperdir", "workdir"].includes(nameOf(option)));
  if (others.length > 0) throw invalid("can't use 'O' with other options");
  return { overlay: upper === undefined || work === undefined ? {} : { upper, work } };
}

function givenValue(given: readonly string[], name: string): string | undefined {
  const option = given.find((each) => each.startsWith(`${name}=`));
  return option?.slice(name.length + 1);
}

/** The options of a tmpfs, which gets a copy of what the image has at its place unless `notmpcopyup` is given. */
export function tmpfsOptions(given: readonly string[]): string[] {
  checkOptions(given, (name) => {
    if (name === "bind" || name === "rbind") {
      return "the 'bind' and 'rbind' options are not allowed with tmpfs mounts: invalid mount option";
    }
    if (name === "noswap") {
      return "the 'noswap' option is only allowed with rootful tmpfs mounts: invalid mount option";
    }
    if (own.includes(name) && name !== "U")
      return `the '${name}' option is not allowed with tmpfs mounts: invalid mount option`;
    return name === "z" || name === "Z"
      ? "the 'z' and 'Z' options are not allowed with tmpfs mounts: invalid mount option"
      : undefined;
  });
  const copies = !given.includes("notmpcopyup");
  const options = given.filter(
    (option) => !["notmpcopyup", "tmpcopyup", "U"].includes(option) && !meaningless.includes(nameOf(option)),
  );
  if (!options.some((option) => propagation.includes(option))) options.push("rprivate");
  addSafetyOptions(options);
  if (copies) options.push("tmpcopyup");
  return options;
}

function addSafetyOptions(options: string[]): void {
  if (!options.includes("suid") && !options.includes("nosuid")) options.push("nosuid");
  if (!options.includes("dev") && !options.includes("nodev")) options.push("nodev");
}

function checkOptions(given: readonly string[], objection: (name: string) => string | undefined): void {
  for (const option of given) {
    const name = nameOf(option);
    if (name === "idmap") throw unsupported(idmapRefusal);
    if (name === "no-dereference") throw unsupported(linkRefusal);
    const objected = objection(name);
    if (objected !== undefined) throw invalid(objected);
    if (!isKnown(name)) throw invalid(`unknown mount option ${JSON.stringify(option)}: invalid mount option`);
  }
  for (const { names, complaint } of exclusive) {
    if (given.filter((option) => names.includes(nameOf(option))).length > 1)
      throw invalid(`${complaint}: duplicate mount option passed`);
  }
}

const linkRefusal =
  "the mount option no-dereference is not possible: the OCI runtime mounts what a link leads to, not the link";
const idmapRefusal =
  "the mount option idmap is not possible for a user: the kernel lets only root map the owners of a file system of the host";

/** Options of the file system tmpfs, as mount(8) has them. */
const tmpfsOnly = [
  ...["size", "mode", "tmpcopyup", "notmpcopyup", "noatime", "uid", "gid", "nr_inodes", "nr_blocks", "huge"],
];

function isKnown(name: string): boolean {
  return exclusive.some(({ names }) => names.includes(name)) || [...tmpfsOnly, ...own, ...meaningless].includes(name);
}

function nameOf(option: string): string {
  return option.split("=", 1)[0] ?? option;
}
