import { DhowError } from "../errors.ts";
import { findProgram } from "../system/process.ts";
import { planBridge } from "./bridge/plan.ts";
import { nothingToDo, plain } from "./container-files.ts";
import { explainFailure } from "./explain.ts";
import { makeNamespace, networkFiles, networkState } from "./helper-files.ts";
import type { NetworkPlan, NetworkRequest } from "./network.ts";
import { pastaCommand, pastaNetwork } from "./pasta.ts";
import { checkPortsOfAllAddresses } from "./ports.ts";
import { pastaLacksRoute, requireHelper } from "./require-helper.ts";
import { planSlirp } from "./slirp4netns.ts";

/**
 * Says what a container's start has to do for its network. Nothing is changed on the machine yet.
 * @throws {DhowError} `unavailable` if this machine lacks what the network needs; `conflict` if a published port is taken.
 */
export function planNetwork(request: NetworkRequest): NetworkPlan {
  const { config, join } = request;
  switch (config.mode) {
    case "none":
      return { ...plain(config, { forwarder: undefined, onHost: false }, []), namespace: { kind: "new" } };
    case "host":
      return { ...plain(config, { forwarder: undefined, onHost: true }, []), namespace: { kind: "host" } };
    case "container":
      return joinNetwork(join);
    case "ns":
      return {
        ...plain(config, { forwarder: undefined, onHost: false }, []),
        namespace: { kind: "path", path: config.path ?? "" },
      };
    case "bridge":
      return planBridge(request);
    case "pasta":
      return pastaLacksRoute() ? planSlirp4netns(request) : planPasta(request);
    case "slirp4netns":
      return planSlirp4netns(request);
  }
}

/** The driver for `--network private`: pasta if it is installed. */
export function defaultNetwork(): "pasta" | "slirp4netns" {
  return findProgram("pasta") === undefined && findProgram("slirp4netns") !== undefined ? "slirp4netns" : "pasta";
}

/** Shares hosts and resolv.conf with the other container: the caller binds the other's files. */
function joinNetwork(join: NetworkRequest["join"]): NetworkPlan {
  if (join === undefined)
    throw new DhowError("cannot join a network: no container given", { kind: "invalid-argument" });
  return {
    namespace: join.mode === "host" ? { kind: "host" } : { kind: "path", path: join.path },
    ...nothingToDo,
    resolvConf: undefined,
    hosts: () => undefined,
  };
}

function planPasta({ config, runDirectory }: NetworkRequest): NetworkPlan {
  const program = requireHelper("pasta", config);
  checkPortsOfAllAddresses(config.ports);
  const { netns, pidFile } = networkFiles(runDirectory);
  const forwarder = optionValue(config.options, ["--dns-forward"]) ?? pastaNetwork.resolver;
  const address = optionValue(config.options, ["-a", "--address"]) ?? pastaNetwork.address;
  return {
    ...plain(config, { forwarder, onHost: false }, [address]),
    namespace: { kind: "path", path: netns },
    commands: [makeNamespace(netns)],
    connect: pastaCommand({ program, netns, pidFile, config }),
    explain: (output) => explainFailure("pasta", output, config.ports),
    state: { ...networkState("pasta", runDirectory), pidFile: givenPidFile(config.options) ?? pidFile },
  };
}

function planSlirp4netns({ config, runDirectory }: NetworkRequest): NetworkPlan {
  const program = requireHelper("slirp4netns", config);
  const { netns, socket } = networkFiles(runDirectory);
  const options = config.mode === "slirp4netns" ? config.options : [];
  const { command, network } = planSlirp({ program, runDirectory, config: { options, ports: config.ports } });
  const { ports } = config;
  return {
    ...plain(config, { forwarder: network.resolver, onHost: false }, [network.address]),
    namespace: { kind: "path", path: netns },
    // Not beside the runtime: the ports are opened as soon as it is connected.
    commands: [makeNamespace(netns), command],
    connect: undefined,
    explain: (output) => explainFailure("slirp4netns", output, ports),
    ...(ports.length > 0 ? { publish: () => openPorts(socket, network.address, ports) } : {}),
    state: networkState("slirp4netns", runDirectory),
  };
}

/** The user's own file for pasta's pid: pasta writes only one. */
function givenPidFile(options: readonly string[]): string | undefined {
  return optionValue(options, ["-P", "--pid"]);
}

async function openPorts(
  ...parameters: Parameters<typeof import("./slirp4netns-ports.ts").openSlirpPorts>
): Promise<void> {
  const { openSlirpPorts } = await import("./slirp4netns-ports.ts");
  await openSlirpPorts(...parameters);
}

/** A driver option's value: `--name=value`, or the next of the list. */
function optionValue(options: readonly string[], names: readonly string[]): string | undefined {
  const at = options.findIndex((option) => names.includes(option));
  if (at >= 0) return options[at + 1];
  const joined = options.find((option) => names.some((name) => option.startsWith(`${name}=`)));
  return joined?.slice(joined.indexOf("=") + 1);
}
