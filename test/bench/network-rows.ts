import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { type Contestant, memoryOf, output, person } from "./engines.ts";
import { type Measurement, median, type Row } from "./measurement.ts";

/** What the other rows have made. */
export interface NetworkBench {
  readonly image: string;
  ensureImage(engine: Contestant): void;
}

const network = "bench-net";
const megabytes = 256;
const publishedPort = 47_000;
const innerPort = 5000;

/** Transfers take at most 1/0.95 of podman's time; what holds memory for a container in a network, no more than podman's. */
export function networkRows(bench: NetworkBench): readonly Row[] {
  const transfer = (name: string, title: string, run: (engine: Contestant) => Promise<number>): Row => ({
    ...{ name, title: `${title}, ${megabytes} MB`, budget: 1.05 },
    measure: (engines) => inNetwork(bench, engines, run),
  });
  return [
    transfer("net-published", "host to container, through a published port", (engine) => toContainer(bench, engine)),
    transfer("net-out", "container to host", (engine) => toHost(bench, engine)),
    transfer("net-between", "container to container, by name", (engine) => betweenContainers(bench, engine)),
    {
      ...{ name: "net-memory", title: "memory of a container that publishes a port (PSS)", budget: 1.0 },
      measure: (engines) => memoryInNetwork(bench, engines),
    },
  ];
}

type Engines = { readonly dhow: Contestant; readonly podman: Contestant };

export function ensureNetwork(engine: Contestant): void {
  engine.tryRun(["network", "create", network]);
}
export const networkName = network;

/** The engines take turns, each with a network of its own. */
async function inNetwork(
  { ensureImage }: NetworkBench,
  { dhow, podman }: Engines,
  run: (engine: Contestant) => Promise<number>,
): Promise<Measurement> {
  const times = { dhow: [] as number[], podman: [] as number[] };
  for (let round = 0; round < 3; round++) {
    for (const engine of [dhow, podman]) {
      ensureImage(engine);
      ensureNetwork(engine);
      try {
        times[engine.name].push(await run(engine));
      } finally {
        engine.tryRun(["rm", "-f", "-t", "0", "bench-server", "bench-client"]);
      }
    }
  }
  return { dhow: median(times.dhow), podman: median(times.podman), unit: "ms" };
}

function startSink({ image }: NetworkBench, engine: Contestant, flags: readonly string[]): void {
  const sink = ["sh", "-c", `exec nc -l -p ${innerPort} >/dev/null`];
  engine.run(["run", "-d", "--name", "bench-server", "--network", network, ...flags, image, ...sink]);
}

async function toContainer(bench: NetworkBench, engine: Contestant): Promise<number> {
  startSink(bench, engine, ["-p", `127.0.0.1:${publishedPort}:${innerPort}`]);
  await waitForSink(engine);
  const start = performance.now();
  const socket = connect(publishedPort, "127.0.0.1");
  await send(socket);
  engine.run(["wait", "bench-server"]);
  return performance.now() - start;
}

/** The sink takes one connection: it must not be tried. */
async function waitForSink(engine: Contestant): Promise<void> {
  const port = innerPort.toString(16).toUpperCase();
  engine.run([
    "exec",
    "bench-server",
    "sh",
    "-c",
    `until grep -q ':${port} ' /proc/net/tcp /proc/net/tcp6; do sleep 0.05; done`,
  ]);
}

async function send(socket: Socket): Promise<void> {
  const block = Buffer.alloc(1 << 20);
  for (let sent = 0; sent < megabytes; sent++) if (!socket.write(block)) await once(socket, "drain");
  socket.end();
  await once(socket, "finish");
}

async function toHost({ image }: NetworkBench, engine: Contestant): Promise<number> {
  const server = createServer().listen(0, "0.0.0.0");
  await once(server, "listening");
  const received = receive(server);
  const { port } = server.address() as AddressInfo;
  const push = `dd if=/dev/zero bs=1M count=${megabytes} 2>/dev/null | nc ${hostAddress()} ${port}`;
  engine.run(["run", "-d", "--name", "bench-client", "--network", network, image, "sh", "-c", push]);
  return received;
}

/** Milliseconds from the first byte to the last. */
async function receive(server: Server): Promise<number> {
  const [socket] = (await once(server, "connection")) as [Socket];
  const start = performance.now();
  socket.resume();
  await once(socket, "end");
  server.close();
  return performance.now() - start;
}

function hostAddress(): string {
  const found = Object.values(networkInterfaces()).flat();
  return found.find((address) => address?.family === "IPv4" && !address.internal)?.address ?? "127.0.0.1";
}

async function betweenContainers(bench: NetworkBench, engine: Contestant): Promise<number> {
  startSink(bench, engine, []);
  await waitForSink(engine);
  const idle = ["run", "-d", "--name", "bench-client", "--network", network, bench.image, "sleep", "1000"];
  engine.run(idle);
  const start = performance.now();
  const push = `dd if=/dev/zero bs=1M count=${megabytes} 2>/dev/null | nc bench-server ${innerPort}`;
  engine.run(["exec", "bench-client", "sh", "-c", push]);
  return performance.now() - start;
}

async function memoryInNetwork(bench: NetworkBench, { dhow, podman }: Engines): Promise<Measurement> {
  const uid = Number(output([...person().prefix, "id", "-u"]));
  const names = new Set([
    ...["conmon", "pasta", "pasta.avx2", "passt", "passt.avx2", "slirp4netns", "fuse-overlayfs"],
    ...["aardvark-dns", "rootlessport", "rootlessport-ch"],
  ]);
  const held = (engine: Contestant): number => {
    bench.ensureImage(engine);
    ensureNetwork(engine);
    const before = memoryOf(names, uid);
    startSink(bench, engine, ["-p", `127.0.0.1:${publishedPort}:${innerPort}`]);
    const after = memoryOf(names, uid);
    engine.tryRun(["rm", "-f", "-t", "0", "bench-server"]);
    return after - before;
  };
  return { dhow: held(dhow), podman: held(podman), unit: "MiB" };
}
