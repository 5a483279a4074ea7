import type { CallerFacts } from "./flags.ts";
import { invalid } from "./values.ts";

/** A device as the runtime spec needs it. */
export interface Device {
  readonly source: string;
  readonly destination: string;
  readonly writable: boolean;
}

/** Reads `source[:destination][:permissions]`. @throws {DhowError} `invalid-argument`. */
export function parseDevice(text: string): Device {
  const parts = text.split(":");
  const [source = "", second, third] = parts;
  if (parts.length > 3 || !source.startsWith("/")) throw invalid(`invalid device specification: ${text}`);
  const permissions = third ?? (isPermissions(second) ? second : undefined) ?? "rwm";
  const destination = isPermissions(second) && third === undefined ? source : (second ?? source);
  if (!isPermissions(permissions)) throw invalid(`invalid device mode: ${permissions}`);
  if (!destination.startsWith("/")) throw invalid(`invalid device specification: ${text}`);
  return { source, destination, writable: permissions.includes("w") };
}

function isPermissions(text: string | undefined): text is string {
  return text !== undefined && /^[rwm]{1,3}$/.test(text);
}

/** Checks --device values; a directory stands for all device nodes below it. */
export function parseDevices(given: readonly string[], caller: CallerFacts): string[] {
  return given.flatMap((text) => {
    const { source, destination, writable } = parseDevice(text);
    switch (caller.pathKind(source)) {
      case "device":
        return [text];
      case "directory":
        return expandDirectory(source, { destination, permissions: writable ? "rwm" : "r" }, caller);
      case "absent":
        throw invalid(`stat ${source}: no such file or directory`);
      default:
        throw invalid(`${source} is not a valid device: not a device node`);
    }
  });
}

function expandDirectory(
  source: string,
  { destination, permissions }: { destination: string; permissions: string },
  caller: CallerFacts,
): string[] {
  const nodes = caller.listDevices(source);
  if (nodes.length === 0) throw invalid(`no devices found in ${source}: invalid argument`);
  return nodes.map((node) => `${node}:${destination}${node.slice(source.length)}:${permissions}`);
}
