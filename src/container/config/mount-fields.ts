import { cut, invalid } from "./values.ts";
import { checkDestination } from "./volume-flag.ts";

export type Field = readonly [key: string, value: string | undefined];

/** What --mount type= may be. */
export const mountFlagTypes = ["bind", "volume", "tmpfs", "ramfs", "devpts", "image", "glob"] as const;
export type MountFlagType = (typeof mountFlagTypes)[number];

export const destinationKeys = ["target", "dst", "dest", "destination"];

/** What the fields of a --mount value say. */
export interface MountFields {
  source?: string;
  destination?: string;
  readonly options: string[];
  /** --mount bind-create-src: a missing source is made. */
  createsSource: boolean;
  writableSubmounts: boolean;
  readonly volumeOptions: Record<string, string>;
  readonly volumeLabels: Record<string, string>;
  volumeDriver: string | undefined;
}

/**
 * Reads the fields of a --mount value but for its type.
 * @throws {DhowError} `invalid-argument` for keys that are unknown, given twice, or do not go with the type.
 */
export function readFields(fields: readonly Field[], type: MountFlagType): MountFields {
  const parsed: MountFields = {
    ...{ options: [], createsSource: false, writableSubmounts: false },
    ...{ volumeOptions: {}, volumeLabels: {}, volumeDriver: undefined },
  };
  const seen = new Set<string>();
  for (const [key, value] of fields) {
    const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
    if (!rule) throw invalid(`${key}: invalid mount option`);
    if (rule.types && !rule.types.includes(type)) throw notFor(key, type);
    if (rule.once !== undefined) {
      if (seen.has(rule.once)) throw invalid(`cannot pass ${JSON.stringify(key)} option more than once`);
      seen.add(rule.once);
    }
    rule.read(parsed, key, value);
  }
  return parsed;
}

function notFor(key: string, type: string) {
  if (key === "subpath" || key === "volume-subpath") {
    return invalid(`cannot set option ${JSON.stringify(key)} on non-volume mounts`);
  }
  return invalid(`${JSON.stringify(key)} option not supported for ${JSON.stringify(type)} mount types`);
}

interface Rule {
  /** What the key goes with; undefined for all. */
  readonly types?: readonly MountFlagType[];
  /** Keys with the same word here exclude each other. */
  readonly once?: string;
  read(parsed: MountFields, key: string, value: string | undefined): void;
}

/** The value of a key that must have one. */
export function neededValue(key: string, value: string | undefined): string {
  if (value === undefined || value === "") throw invalid(`${key}: must provide an argument for option`);
  return value;
}

const source: Rule = {
  types: ["bind", "volume", "image", "glob"],
  once: "source",
  read(parsed, key, value) {
    if (value === "") throw invalid("host directory cannot be empty: must provide an argument for option");
    parsed.source = neededValue(key, value);
  },
};

const destination: Rule = {
  once: "destination",
  read(parsed, key, value) {
    parsed.destination = checkDestination(neededValue(key, value));
  },
};

const plain: Rule = {
  read: (parsed, key, value) => void parsed.options.push(value === undefined ? key : `${key}=${value}`),
};

/** A key that stands for an option of its own, given with a value: `tmpfs-size` for `size`. */
function renamed(types: readonly MountFlagType[], option: string): Rule {
  return { types, read: (parsed, key, value) => void parsed.options.push(`${option}=${neededValue(key, value)}`) };
}

function switched(rule: Pick<Rule, "types" | "once">, option: string, on = true): Rule {
  return {
    ...rule,
    read(parsed, key, value) {
      if (readSwitch(key, value) === on) parsed.options.push(option);
    },
  };
}

function readSwitch(key: string, value: string | undefined): boolean {
  const text = (value ?? "true").toLowerCase();
  if (["true", "1", ""].includes(text)) return true;
  if (["false", "0"].includes(text)) return false;
  throw invalid(`${JSON.stringify(key)} must be set to true or false, instead received ${JSON.stringify(value)}`);
}

const writability: Rule = {
  once: "readonly",
  read(parsed, key, value) {
    parsed.options.push((key === "rw" || key === "readwrite") === readSwitch(key, value) ? "rw" : "ro");
  },
};

const chown: Rule = switched({ once: "chown" }, "U");
const subpath: Rule = renamed(["volume", "image"], "subpath");
const pair = (name: "volumeOptions" | "volumeLabels"): Rule => ({
  types: ["volume"],
  read(parsed, key, value) {
    const [left, right] = cut(neededValue(key, value), "=");
    if (right === undefined && name === "volumeOptions")
      throw invalid("cannot parse driver opts: invalid mount option");
    parsed[name][left] = right ?? "";
  },
});

const recursion: Rule = {
  types: ["bind"],
  read(parsed, key, value) {
    switch (value) {
      case "enabled":
      case "readonly":
        return;
      case "writable":
        parsed.writableSubmounts = true;
        return;
      case "disabled":
        parsed.options.push("bind");
        return;
      default:
        throw invalid(`invalid value for ${key}: ${value} (must be enabled, disabled, writable or readonly)`);
    }
  },
};

const rules: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(["src", "source"].map((key) => [key, source])),
  ...Object.fromEntries(destinationKeys.map((key) => [key, destination])),
  ...Object.fromEntries(["ro", "readonly", "rw", "readwrite"].map((key) => [key, writability])),
  ...Object.fromEntries(["U", "chown"].map((key) => [key, chown])),
  ...Object.fromEntries(["subpath", "volume-subpath", "image-subpath"].map((key) => [key, subpath])),
  ...Object.fromEntries(
    [
      ...["dev", "nodev", "exec", "noexec", "suid", "nosuid", "z", "Z", "no-dereference", "idmap", "noswap", "noatime"],
      ...["shared", "rshared", "private", "rprivate", "slave", "rslave", "unbindable", "runbindable"],
    ].map((key) => [key, plain]),
  ),
  "bind-propagation": {
    types: ["bind"],
    read(parsed, key, value) {
      if (!/^(?:r?(?:shared|private|slave|unbindable))$/.test(neededValue(key, value)))
        throw invalid(`invalid value "${key}=${value}"`);
      parsed.options.push(value as string);
    },
  },
  "bind-nonrecursive": switched({ types: ["bind"] }, "bind"),
  "bind-recursive": recursion,
  "bind-create-src": {
    types: ["bind"],
    read(parsed, key, value) {
      parsed.createsSource = readSwitch(key, value);
    },
  },
  consistency: { read: () => undefined },
  relabel: {
    once: "relabel",
    read(parsed, _, value) {
      if (value !== "private" && value !== "shared")
        throw invalid("relabel mount option must be 'private' or 'shared': invalid mount option");
      parsed.options.push(value === "private" ? "Z" : "z");
    },
  },
  tmpcopyup: { types: ["tmpfs"], read: plain.read },
  notmpcopyup: { types: ["tmpfs"], read: plain.read },
  "tmpfs-size": renamed(["tmpfs"], "size"),
  "tmpfs-mode": renamed(["tmpfs"], "mode"),
  nocreate: { types: ["volume"], read: plain.read },
  "volume-nocopy": switched({ types: ["volume"] }, "nocopy"),
  "volume-opt": pair("volumeOptions"),
  "volume-label": pair("volumeLabels"),
  "volume-driver": {
    types: ["volume"],
    read(parsed, key, value) {
      parsed.volumeDriver = neededValue(key, value);
    },
  },
};
