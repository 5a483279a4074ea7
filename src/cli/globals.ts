import { closeSync, openSync } from "node:fs";
import { resolve } from "node:path";
import type { GlobalOptions } from "../engine.ts";
import { DhowError } from "../errors.ts";
import { getVariable, setVariable } from "../system/environment.ts";
import type { LogLevel } from "../system/log.ts";
import type { OptionSpec, OptionTable } from "./command.ts";
import type { FlagValue } from "./flags.ts";

/** The levels by the names that Podman knows. */
const levels: Readonly<Record<string, LogLevel>> = {
  trace: "trace",
  debug: "debug",
  info: "info",
  warn: "warn",
  warning: "warn",
  error: "error",
  fatal: "error",
  panic: "error",
};

/** The flags that stand before (or among) the flags of every command. */
export const globalOptions = {
  "cdi-spec-dir": {
    type: "string",
    array: true,
    describe: "Folders of the files that describe vendors' devices (CDI)",
    complete: "files",
  },
  "cgroup-manager": {
    type: "string",
    describe: "Who makes the cgroups of containers: cgroupfs or systemd",
    complete: "none",
  },
  conmon: { type: "string", describe: "Path of conmon, the monitor of containers", complete: "files" },
  config: { type: "string", describe: "Folder of the authentication file config.json", complete: "files" },
  debug: { type: "boolean", short: "D", describe: "Show messages from the level debug on" },
  "log-level": {
    type: "string",
    default: "warn",
    describe: `Show messages from this level on (${Object.keys(levels).join(", ")})`,
  },
  noout: { type: "boolean", describe: "Write nothing to stdout" },
  out: { type: "string", describe: "Write to this file instead of stdout", valueName: "file", complete: "files" },
  root: { type: "string", describe: "Folder for images, layers and containers", complete: "files" },
  runroot: { type: "string", describe: "Folder for the state that ends with the machine's run", complete: "files" },
  runtime: { type: "string", describe: "OCI runtime: a name such as crun or runc, or a path", complete: "files" },
  "runtime-flag": {
    type: "string",
    array: true,
    describe: "Flag of the OCI runtime, without its dashes",
    valueName: "flag",
  },
  "storage-driver": { type: "string", describe: "How root filesystems are made: overlay, fuse-overlayfs or vfs" },
  "storage-opt": { type: "string", array: true, describe: "Option of the storage, as ignore_chown_errors=true" },
  tmpdir: { type: "string", describe: "Same as --runroot, where that is not given", complete: "files" },
  version: { type: "boolean", short: "v", describe: "Print the version" },
} as const satisfies OptionTable;

/**
 * Help shows --remote, as scripts look for it there to tell a local Podman; not so where they have chosen a remote one.
 * It is refused all the same.
 */
export function helpedGlobals(given: Readonly<Record<string, FlagValue>>): OptionTable {
  const isRemote =
    given.url !== undefined ||
    given.connection !== undefined ||
    getVariable("CONTAINER_HOST") !== undefined ||
    getVariable("CONTAINER_CONNECTION") !== undefined;
  if (isRemote) return globalOptions;
  return { ...globalOptions, remote: { type: "boolean", short: "r", describe: "Refused: there is no remote mode" } };
}

/** Podman's other global flags, with the reason why they are refused. Silence would make a script believe that they work. */
const refused: Readonly<Record<string, string>> = {
  ...allWith("dhow drives the containers of this machine only, it has no remote mode", [
    "connection",
    "identity",
    "remote",
    "ssh",
    "url",
  ]),
  ...allWith("dhow does not support it yet", [
    "default-mounts-file",
    "events-backend",
    "hooks-dir",
    "imagestore",
    "module",
    "namespace",
    "network-cmd-path",
    "network-config-dir",
    "pull-option",
    "registries-conf",
    "syslog",
    "transient-store",
    "volumepath",
  ]),
};

const refusedShorts: Readonly<Record<string, string>> = { connection: "c", remote: "r" };
const refusedBooleans = ["remote", "syslog", "transient-store"];

/** Global flags as the parser knows them: with those that are refused, so that the refusal names the flag. */
export const parsedGlobalOptions: OptionTable = { ...globalOptions, ...refusedTable() };

function allWith(reason: string, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, reason]));
}

function refusedTable(): OptionTable {
  const table: Record<string, OptionSpec> = {};
  for (const name in refused) {
    const short = refusedShorts[name];
    const type = refusedBooleans.includes(name) ? "boolean" : "string";
    table[name] = { type, describe: "", hidden: true, ...(short === undefined ? {} : { short }) };
  }
  return table;
}

/**
 * The settings that the given global flags stand for.
 * @throws {DhowError} `unsupported` for a flag that dhow cannot honour, `invalid-argument` for a wrong value.
 */
export function readGlobals(given: Readonly<Record<string, FlagValue>>): GlobalOptions {
  for (const name in given) {
    const reason = refused[name];
    if (reason !== undefined && given[name] !== false) {
      throw new DhowError(`cannot use --${name}: ${reason}`, { kind: "unsupported" });
    }
  }
  const text = (name: keyof typeof globalOptions) => given[name] as string | undefined;
  const options = {
    root: text("root"),
    // Podman keeps a part of such state in a folder of its own; in dhow all of it is together.
    runroot: text("runroot") ?? text("tmpdir"),
    storageDriver: text("storage-driver"),
    runtime: text("runtime"),
    conmon: text("conmon"),
    cgroupManager: text("cgroup-manager"),
  };
  const cdiSpecDirs = (given["cdi-spec-dir"] as string[] | undefined)?.map((folder) => resolve(folder));
  const present = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return {
    ...(present as Partial<typeof options> as Omit<GlobalOptions, "storageOpts" | "logLevel" | "cdiSpecDirs">),
    ...(cdiSpecDirs === undefined ? {} : { cdiSpecDirs }),
    storageOpts: (given["storage-opt"] as string[] | undefined) ?? [],
    runtimeFlags: (given["runtime-flag"] as string[] | undefined) ?? [],
    logLevel: readLogLevel(given),
  };
}

/** Both failures have exit code 1 and these words in Podman. */
function readLogLevel({ debug, "log-level": name }: Readonly<Record<string, FlagValue>>): LogLevel {
  if (debug === true && name !== undefined) {
    throw new DhowError("Setting --log-level and --debug is not allowed", {
      kind: "invalid-argument",
      exitCode: 1,
      isBare: true,
    });
  }
  if (debug === true) return "debug";
  const level = levels[String(name ?? "warn").toLowerCase()];
  if (level === undefined) {
    const known = Object.keys(levels).join(", ");
    throw new DhowError(`Log Level "${name}" is not supported, choose from: ${known}`, {
      kind: "invalid-argument",
      exitCode: 1,
      isBare: true,
    });
  }
  return level;
}

/** Makes the file in the folder of --config the one that logins are read from and written to, as REGISTRY_AUTH_FILE does. */
export function useConfigFolder({ config }: Readonly<Record<string, FlagValue>>): void {
  if (typeof config === "string") setVariable("REGISTRY_AUTH_FILE", resolve(config, "config.json"));
}

/**
 * Sends what is written to stdout, by us and by programs we start, where --out and --noout want it.
 * @throws {DhowError} `permission-denied` if the file cannot be written.
 */
export function redirectOutput({ out, noout }: Readonly<Record<string, FlagValue>>): void {
  const path = noout === true ? "/dev/null" : out;
  if (path === undefined) return;
  let file: number;
  try {
    file = openSync(String(path), "w", 0o666);
  } catch (cause) {
    throw new DhowError(`cannot write to ${path}`, { kind: "permission-denied", cause });
  }
  // The lowest free descriptor is the one that a file gets: stdout's.
  closeSync(1);
  openSync(`/proc/self/fd/${file}`, "w");
  closeSync(file);
}
