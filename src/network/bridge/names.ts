import { rmSync } from "node:fs";
import { findProgram } from "../../system/process.ts";
import { sendSignal } from "../../system/signals.ts";
import { findProcess } from "../helper-process.ts";
import { type ServerFiles, type ServerPlace, startServer, writeServerFiles } from "./name-server.ts";
import { switchServer } from "./name-server-switch.ts";
import { sharedFiles } from "./shared-namespace.ts";
import { isAtLeast, type Version, versionOf } from "./tools.ts";

/** A network whose containers find one another by name. */
export interface NamedNetwork {
  readonly name: string;
  readonly internal: boolean;
  /** Where the network's resolver listens. */
  readonly gateways: readonly string[];
  /** Whom it asks for names of the world. */
  readonly resolvers: readonly string[];
  readonly containers: readonly NamedContainer[];
}

export interface NamedContainer {
  readonly id: string;
  readonly addresses: readonly string[];
  readonly names: readonly string[];
  /** Whom it asks for this container's sake. */
  readonly resolvers: readonly string[];
}

/** The first version of aardvark-dns that goes on to answer while it reads its files anew. */
const firstSeamless: Version = [1, 11];

/**
 * Lets the resolver of the networks know who is there; ends it when nobody is. The caller holds the lock of the networks.
 * When this returns, the names are known.
 * @throws {DhowError} `unavailable`.
 */
export async function publishNames(directory: string, networks: readonly NamedNetwork[]): Promise<void> {
  const program = findProgram("aardvark-dns");
  const wanted = networks.filter(({ gateways, containers }) => gateways.length > 0 && containers.length > 0);
  if (program === undefined || wanted.length === 0) return stopNames(directory);
  const { dns, netns } = sharedFiles(directory);
  const files = Object.fromEntries(wanted.map((network) => [fileName(network), fileText(network)]));
  if (findProgram("nft") !== undefined && !isAtLeast(versionOf(program), firstSeamless)) {
    return switchServer({ program, netns, folder: dns }, files);
  }
  reload({ program, netns, folder: dns }, files);
}

/** Ends the resolver. Idempotent. */
export function stopNames(directory: string): void {
  const { dns } = sharedFiles(directory);
  for (const folder of [dns, `${dns}/a`, `${dns}/b`]) {
    const pid = findProcess(`${folder}/aardvark.pid`, folder);
    if (pid !== undefined) sendSignal(pid, "SIGTERM");
  }
  rmSync(dns, { recursive: true, force: true });
}

/** Aardvark knows internal networks by this ending: it answers for them, and asks nobody else. */
function fileName({ name, internal }: NamedNetwork): string {
  return internal ? `${name}%int` : name;
}

function fileText({ gateways, resolvers, containers }: NamedNetwork): string {
  const list = (texts: readonly string[]) => texts.join(",");
  const servers = (texts: readonly string[]) => (texts.length > 0 ? ` ${list(texts)}` : "");
  const lines = containers.map(({ id, addresses, names, resolvers: own }) => {
    const [v4, v6] = [false, true].map((isV6) => list(addresses.filter((address) => address.includes(":") === isV6)));
    return `${id} ${v4} ${v6} ${list(names)}${servers(own)}`;
  });
  return [`${list(gateways)}${servers(resolvers)}`, ...lines, ""].join("\n");
}

/** Each file is complete under its name: the server may read it at any moment. */
function reload(place: ServerPlace, files: ServerFiles): void {
  const isChanged = writeServerFiles(place.folder, files);
  const pid = findProcess(`${place.folder}/aardvark.pid`, place.folder);
  if (pid === undefined) startServer(place, 53);
  else if (isChanged) sendSignal(pid, "SIGHUP");
}
