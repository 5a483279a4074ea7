import { invalid, unsupported } from "./values.ts";

/** Options of which only one of a row may be given, with podman's words for giving two. */
const exclusive: readonly { readonly names: readonly string[]; readonly complaint: string }[] = [
  { names: ["rw", "ro"], complaint: "only one of 'rw' and 'ro' can be used" },
  { names: ["exec", "noexec"], complaint: "only one of 'noexec' and 'exec' can be used" },
  { names: ["suid", "nosuid"], complaint: "only one of 'nosuid' and 'suid' can be used" },
  { names: ["dev", "nodev"], complaint: "only one of 'nodev' and 'dev' can be used" },
  { names: ["bind", "rbind"], complaint: "only one of 'rbind' and 'bind' can be used" },
  { names: ["z", "Z"], complaint: "only one of 'z' and 'Z' can be used" },
  { names: ["tmpcopyup", "notmpcopyup"], complaint: "the 'tmpcopyup' or 'notmpcopyup' option can only be set once" },
  { names: ["copy", "nocopy"], complaint: "only one of 'nocopy' and 'copy' can be used" },
  {
    names: ["private", "rprivate", "slave", "rslave", "shared", "rshared", "unbindable", "runbindable"],
    complaint: "only one root propagation mode can be used",
  },
];

const propagation = exclusive.at(-1)?.names ?? [];

/** Options without a meaning here: SELinux labels on a machine without SELinux, Docker's for macOS, and volumes' own. */
const meaningless = ["z", "Z", "copy", "nocopy", "consistency", "no-dereference"];

const later: Readonly<Record<string, string>> = {
  O: "overlay mounts (option O) are not supported yet",
  U: "changing the owner of a mount's source (option U) is not supported yet",
  idmap: "mapped mounts (option idmap) are not supported yet",
  upperdir: "overlay mounts (option upperdir) are not supported yet",
  workdir: "overlay mounts (option workdir) are not supported yet",
  subpath: "the mount option subpath is not supported yet",
};

/**
 * The options of a bind mount as the runtime gets them: recursive, private, without setuid and devices, unless said otherwise.
 * @throws {DhowError} `invalid-argument` for unknown and contradicting options.
 */
export function bindOptions(given: readonly string[]): string[] {
  checkOptions(given, (name) => {
    if (["size", "mode", "tmpcopyup", "notmpcopyup", "noatime"].includes(name)) {
      return `the '${name}' option is only allowed with tmpfs mounts: invalid mount option`;
    }
    return undefined;
  });
  const options = given.filter((option) => !meaningless.includes(nameOf(option)));
  const has = (...names: readonly string[]) => names.some((name) => options.includes(name));
  if (!has(...propagation)) options.push(has("bind") ? "private" : "rprivate");
  addSafetyOptions(options);
  if (!has("bind", "rbind")) options.push("rbind");
  return options;
}

/** The options of a tmpfs, which gets a copy of what the image has at its place unless `notmpcopyup` is given. */
export function tmpfsOptions(given: readonly string[]): string[] {
  checkOptions(given, (name) => {
    if (name === "bind" || name === "rbind") {
      return "the 'bind' and 'rbind' options are not allowed with tmpfs mounts: invalid mount option";
    }
    return name === "z" || name === "Z"
      ? "the 'z' and 'Z' options are not allowed with tmpfs mounts: invalid mount option"
      : undefined;
  });
  const copies = !given.includes("notmpcopyup");
  const options = given.filter(
    (option) => option !== "notmpcopyup" && option !== "tmpcopyup" && !meaningless.includes(nameOf(option)),
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
    const postponed = later[name];
    if (postponed !== undefined) throw unsupported(postponed);
    const objected = objection(name);
    if (objected !== undefined) throw invalid(objected);
    if (!isKnown(name)) throw invalid(`unknown mount option ${JSON.stringify(option)}: invalid mount option`);
  }
  for (const { names, complaint } of exclusive) {
    if (given.filter((option) => names.includes(option)).length > 1)
      throw invalid(`${complaint}: duplicate mount option passed`);
  }
}

function isKnown(name: string): boolean {
  return (
    exclusive.some(({ names }) => names.includes(name)) ||
    ["size", "mode", "noatime", "consistency", "no-dereference"].includes(name)
  );
}

function nameOf(option: string): string {
  return option.split("=", 1)[0] ?? option;
}
