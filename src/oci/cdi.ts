import { DhowError } from "../errors.ts";

/**
 * The Container Device Interface: files of vendors that say what a container needs for their devices.
 * @see https://github.com/cncf-tags/container-device-interface/blob/main/SPEC.md
 */
export interface CdiSpec {
  /** As `vendor.com/class`. */
  readonly kind: string;
  readonly devices: readonly CdiDevice[];
  /** For each of the devices. */
  readonly edits: CdiEdits;
}

export interface CdiDevice {
  readonly name: string;
  readonly edits: CdiEdits;
}

export interface CdiEdits {
  /** `NAME=value`. */
  readonly env: readonly string[];
  readonly deviceNodes: readonly CdiDeviceNode[];
  readonly mounts: readonly CdiMount[];
  readonly hooks: readonly CdiHook[];
  readonly additionalGids: readonly number[];
}

export interface CdiDeviceNode {
  /** Absolute, in the container and on the host. */
  readonly path: string;
  readonly hostPath: string;
  readonly writable: boolean;
}

export interface CdiMount {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly type: string | undefined;
  readonly options: readonly string[];
}

export interface CdiHook {
  /** As the runtime spec names it: `createContainer`. */
  readonly hookName: string;
  readonly path: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly timeout: number | undefined;
}

export const noCdiEdits: CdiEdits = { env: [], deviceNodes: [], mounts: [], hooks: [], additionalGids: [] };

const kindPattern = /^[A-Za-z](?:[\w.-]*[A-Za-z0-9])?\/[A-Za-z](?:[\w-]*[A-Za-z0-9])?$/;
const namePattern = /^[A-Za-z0-9](?:[\w.:-]*[A-Za-z0-9])?$/;
const hookNames = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"];

/** Whether a --device value names a device of a vendor, as `vendor.com/class=name`, rather than a path. */
export function isCdiName(text: string): boolean {
  const equals = text.indexOf("=");
  return equals > 0 && kindPattern.test(text.slice(0, equals)) && namePattern.test(text.slice(equals + 1));
}

/**
 * Reads what a file of a vendor says.
 * @param document The file's JSON or YAML.
 * @throws {DhowError} `invalid-argument` for a mistake; `unsupported` for edits that nobody but root could make.
 */
export function parseCdiSpec(document: unknown): CdiSpec {
  const { kind, devices, containerEdits } = asObject(document, "the file");
  if (typeof kind !== "string" || !kindPattern.test(kind)) throw mistake("kind is not VENDOR/CLASS");
  return {
    kind,
    devices: asList(devices, "devices").map((device) => {
      const { name, containerEdits: edits } = asObject(device, "a device");
      if (typeof name !== "string" || !namePattern.test(name)) throw mistake(`device name ${JSON.stringify(name)}`);
      return { name, edits: parseEdits(edits) };
    }),
    edits: parseEdits(containerEdits),
  };
}

function parseEdits(value: unknown): CdiEdits {
  const { env, deviceNodes, mounts, hooks, additionalGids, intelRdt, netDevices } = asObject(
    value ?? {},
    "containerEdits",
  );
  for (const [name, edit] of Object.entries({ intelRdt, netDevices })) {
    if (edit !== undefined && edit !== null && asItems(edit).length > 0)
      throw new DhowError(`${name} can be set by root only`, { kind: "unsupported" });
  }
  return {
    env: texts(env, "env"),
    deviceNodes: asList(deviceNodes, "deviceNodes").map(parseDeviceNode),
    mounts: asList(mounts, "mounts").map(parseMount),
    hooks: asList(hooks, "hooks").map(parseHook),
    additionalGids: asList(additionalGids, "additionalGids").map((gid) => {
      if (typeof gid !== "number" || !Number.isSafeInteger(gid) || gid < 0) throw mistake("additionalGids");
      return gid;
    }),
  };
}

function parseDeviceNode(value: unknown): CdiDeviceNode {
  const node = asObject(value, "a device node");
  const path = absolute(node.path, "path of a device node");
  const { permissions = "rw" } = node;
  if (typeof permissions !== "string" || !/^[rwm]*$/.test(permissions)) throw mistake(`permissions of ${path}`);
  return {
    path,
    hostPath: node.hostPath === undefined ? path : absolute(node.hostPath, "hostPath of a device node"),
    writable: permissions === "" || permissions.includes("w"),
  };
}

function parseMount(value: unknown): CdiMount {
  const { hostPath, containerPath, type, options } = asObject(value, "a mount");
  if (type !== undefined && typeof type !== "string") throw mistake("type of a mount");
  return {
    hostPath: type === "tmpfs" ? "tmpfs" : absolute(hostPath, "hostPath of a mount"),
    containerPath: absolute(containerPath, "containerPath of a mount"),
    type: type || undefined,
    options: texts(options, "options"),
  };
}

function parseHook(value: unknown): CdiHook {
  const { hookName, path, args, env, timeout } = asObject(value, "a hook");
  if (typeof hookName !== "string" || !hookNames.includes(hookName)) throw mistake(`hook ${JSON.stringify(hookName)}`);
  if (timeout !== undefined && (typeof timeout !== "number" || timeout < 0)) throw mistake("timeout of a hook");
  return {
    hookName,
    path: absolute(path, "path of a hook"),
    args: texts(args, "args"),
    env: texts(env, "env"),
    timeout,
  };
}

type Fields = Readonly<Record<string, unknown>>;

function asObject(value: unknown, what: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw mistake(`${what} is not an object`);
}

function asList(value: unknown, what: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw mistake(`${what} is not a list`);
}

function asItems(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function texts(value: unknown, what: string): readonly string[] {
  const list = asList(value, what);
  if (list.every((text) => typeof text === "string")) return list as readonly string[];
  throw mistake(`${what} are not texts`);
}

function absolute(value: unknown, what: string): string {
  if (typeof value === "string" && value.startsWith("/") && !value.includes("\0")) return value;
  throw mistake(`${what} is not an absolute path`);
}

function mistake(what: string): DhowError {
  return new DhowError(`invalid CDI specification: ${what}`, { kind: "invalid-argument" });
}
