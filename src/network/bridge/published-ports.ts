import type { NetworkConfig } from "../../model/container-config.ts";
import type { NetworkEndpoint } from "../../model/network.ts";
import { identifyProcess, isAlive } from "../../system/clock.ts";
import { tryRun } from "../../system/process.ts";
import { sendSignal } from "../../system/signals.ts";
import { explainFailure } from "../explain.ts";
import { networkFiles } from "../helper-files.ts";
import { findHelper } from "../helper-process.ts";
import { pastaPortArguments } from "../pasta.ts";
import { checkPortsOfAllAddresses } from "../ports.ts";
import { pastaLacksRoute, requireHelper } from "../require-helper.ts";
import { planSlirp } from "../slirp4netns.ts";
import { openSlirpPorts } from "../slirp4netns-ports.ts";
import { findIp } from "./tools.ts";

/** The interface through which clients of published ports come in. */
const portInterface = "ports0";

export interface PublishRequest {
  readonly runDirectory: string;
  readonly ports: NetworkConfig["ports"];
  /** The place in a network with a way out that the container is known by. */
  readonly endpoint: NetworkEndpoint;
}

/**
 * Publishes ports of a container that is in networks: a helper of its own takes connections from the host straight into
 * the container's namespace. It has the address that the container has in its network, so that programs which listen
 * there alone are reached, and clients keep their addresses. Its traffic with the world goes that way, too.
 * @throws {DhowError} `conflict` for a port that is taken; `unavailable`; `permission-denied`.
 */
export async function publishPorts(request: PublishRequest): Promise<void> {
  checkPortsOfAllAddresses(request.ports);
  if (pastaLacksRoute()) return publishWithSlirp(request);
  const { runDirectory, ports, endpoint } = request;
  const program = requireHelper("pasta", { ports });
  const { netns, pidFile } = networkFiles(runDirectory);
  const [v4, v6] = addressesOf(endpoint);
  const ip = findIp();
  const addresses = [v4, v6].flatMap((address) => (address === undefined ? [] : ["--address", address]));
  run("pasta", ports, [
    ...([program, "--ns-ifname", portInterface, "--no-map-gw"] as const),
    ...(v6 === undefined ? ["--ipv4-only"] : []),
    ...(v4 === undefined ? ["--ipv6-only"] : []),
    ...addresses,
    ...pastaPortArguments(ports),
    ...["-T", "none", "-U", "none", "--quiet", "--pid", pidFile, "--netns", netns],
  ]);
  const route = (family: "-4" | "-6", source: string | undefined) =>
    source === undefined ? "" : `"$1" ${family} route add default dev ${portInterface} src ${source} metric 1 &&`;
  const script = `"$1" link set ${portInterface} mtu 65520 up && ${route("-4", v4)} ${route("-6", v6)} true`;
  run("ip", ports, ["nsenter", `--net=${netns}`, "sh", "-c", script, "sh", ip]);
}

/** Ends what publishes a container's ports, and waits until the ports are free. Idempotent. */
export async function withdrawPorts(runDirectory: string): Promise<void> {
  const pid = findHelper(networkFiles(runDirectory));
  const helper = pid === undefined ? undefined : identifyProcess(pid);
  if (helper === undefined) return;
  sendSignal(helper.pid, "SIGTERM");
  for (const deadline = Date.now() + endMs; isAlive(helper) && Date.now() < deadline; ) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
const endMs = 5000;

/** slirp4netns has a network of its own, on which programs must listen to be reached. */
async function publishWithSlirp({ runDirectory, ports }: PublishRequest): Promise<void> {
  const program = requireHelper("slirp4netns", { ports });
  const { command, network } = planSlirp({ program, runDirectory, config: { options: [], ports } });
  run("slirp4netns", ports, command);
  await openSlirpPorts(networkFiles(runDirectory).socket, network.address, ports);
}

function addressesOf({ addresses }: NetworkEndpoint): [v4: string | undefined, v6: string | undefined] {
  const find = (isV6: boolean) => addresses.find(({ address }) => address.includes(":") === isV6)?.address;
  return [find(false), find(true)];
}

function run(helper: string, ports: NetworkConfig["ports"], command: readonly [string, ...string[]]): void {
  const { exitCode, stdout, stderr } = tryRun(command);
  if (exitCode !== 0) throw explainFailure(helper, `${stdout}\n${stderr}`, ports);
}
