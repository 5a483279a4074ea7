import { readFileSync } from "node:fs";
import { DhowError } from "../../errors.ts";
import { childEnvironment } from "../../system/environment.ts";
import { runWithBytes } from "../../system/process.ts";
import { sendSignal } from "../../system/signals.ts";
import { findProcess } from "../helper-process.ts";
import { type ServerFiles, type ServerPlace, startServer, writeServerFiles } from "./name-server.ts";

/**
 * Older versions of aardvark-dns close their sockets while they read their files anew. So there are two of them, on ports
 * of their own: the one that is idle is started with what is new, then the queries are sent to it in one step. The other
 * one lives until the next change, to finish what it has begun.
 */
const slots = { a: 10053, b: 10054 } as const;

type Slot = keyof typeof slots;

/** How long a server may take to listen, and to read the queries that it has got. */
const startMs = 5000;
const drainMs = 500;

/** @throws {DhowError} `unavailable`. */
export async function switchServer(place: ServerPlace, files: ServerFiles): Promise<void> {
  const current = currentSlot(place);
  const folderOf = (slot: Slot) => `${place.folder}/${slot}`;
  if (current !== undefined && hasFiles(folderOf(current), files)) return;
  const next: Slot = current === "a" ? "b" : "a";
  const server = { ...place, folder: folderOf(next) };
  const old = findServer(server.folder);
  if (old !== undefined) {
    // One that is stuck is not waited for.
    await isSoon(() => countWaiting(place, slots[next]) === 0, drainMs);
    sendSignal(old, "SIGKILL");
  }
  writeServerFiles(server.folder, files);
  await waitUntil(() => countListeners(place, slots[next]) === 0);
  startServer(server, slots[next]);
  const wanted = countGateways(files);
  await waitUntil(() => countListeners(place, slots[next]) >= wanted);
  sendQueriesTo(place, slots[next]);
}

function findServer(folder: string): number | undefined {
  return findProcess(`${folder}/aardvark.pid`, folder);
}

/** The one that the queries are sent to, if it lives. */
function currentSlot({ netns, folder }: ServerPlace): Slot | undefined {
  const { stdout } = runNft(netns, ["list", "map", "inet", "dhow", "resolver"]);
  const port = /53\s*:\s*(\d+)/.exec(stdout.toString("utf8"))?.[1];
  const slot = (Object.keys(slots) as Slot[]).find((name) => slots[name] === Number(port));
  return slot !== undefined && findServer(`${folder}/${slot}`) !== undefined ? slot : undefined;
}

function hasFiles(folder: string, files: ServerFiles): boolean {
  return Object.entries(files).every(([name, text]) => readText(`${folder}/${name}`) === text);
}

/**
 * Addresses are translated without the kernel's memory of connections: the next query goes to the new server, whoever
 * asks and from whatever port.
 */
function sendQueriesTo({ netns }: ServerPlace, port: number): void {
  const ruleset = `
table inet dhow
delete table inet dhow
table inet dhow {
  map resolver { type inet_service : inet_service; elements = { 53 : ${port} } }
  chain queries {
    type filter hook prerouting priority raw;
    fib daddr type local udp dport 53 notrack udp dport set udp dport map @resolver
  }
  chain answers {
    type filter hook output priority raw;
    udp sport { ${Object.values(slots).join(", ")} } notrack udp sport set 53
  }
}
`;
  const { exitCode, stderr } = runNft(netns, ["-f", "-"], ruleset);
  if (exitCode === 0) return;
  throw new DhowError(`cannot direct queries to the resolver of the networks: nft: ${stderr.trim()}`, {
    kind: "unavailable",
  });
}

function runNft(netns: string, args: readonly string[], input = "") {
  return runWithBytes(["nsenter", `--net=${netns}`, "nft", ...args], {
    env: childEnvironment(),
    input: Buffer.from(input),
  });
}

/** On how many addresses it will listen: these versions take none of IPv6. */
function countGateways(files: ServerFiles): number {
  const heads = Object.values(files).map((text) => text.split(/[ \n]/, 1)[0] ?? "");
  return heads.flatMap((head) => head.split(",")).filter((gateway) => !gateway.includes(":")).length;
}

function countListeners(place: ServerPlace, port: number): number {
  return listSockets(place, port).length;
}

/** Sockets with queries that nobody has read yet. */
function countWaiting(place: ServerPlace, port: number): number {
  return listSockets(place, port).filter((line) => !/^\s*\d+: \S+ \S+ \S+ \S+:0+ /.test(line)).length;
}

/** Sockets of the namespace are seen through a process in it: either server. */
function listSockets({ folder }: ServerPlace, port: number): string[] {
  const pid = (Object.keys(slots) as Slot[]).map((slot) => findServer(`${folder}/${slot}`)).find(Boolean);
  const wanted = `:${port.toString(16).toUpperCase()} `;
  const table = pid === undefined ? "" : (readText(`/proc/${pid}/net/udp`) ?? "");
  return table.split("\n").filter((line) => line.includes(wanted));
}

async function waitUntil(condition: () => boolean): Promise<void> {
  if (await isSoon(condition, startMs)) return;
  throw new DhowError("cannot start the resolver of the networks: it does not listen", { kind: "unavailable" });
}

async function isSoon(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  for (const deadline = Date.now() + timeoutMs; !condition(); ) {
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return true;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
