import { DhowError } from "../errors.ts";
import type { NetworkConfig } from "../model/container-config.ts";
import { networkFiles } from "./helper-files.ts";

/** The container's address within slirp4netns' network `prefix.0/24`, and its resolver. */
export interface SlirpNetwork {
  readonly address: string;
  readonly resolver: string;
}

export interface SlirpRequest {
  readonly program: string;
  readonly runDirectory: string;
  readonly config: Pick<NetworkConfig, "options" | "ports">;
}

export interface SlirpPlan {
  readonly command: readonly [string, ...string[]];
  readonly network: SlirpNetwork;
}

/**
 * Starts slirp4netns in the background, in a session of its own, and waits until it says that the network is ready.
 * Arguments: ready-fifo, pid file, log, program and its arguments.
 */
const startScript = `
ready=$1 pid=$2 log=$3
shift 3
rm -f "$ready" && mkfifo -m 600 "$ready" || exit 1
setsid "$@" </dev/null >"$log" 2>&1 3>"$ready" &
echo $! >"$pid"
read -r answer <"$ready"
rm -f "$ready"
case $answer in
1) ;;
*) cat "$log" >&2; exit 1 ;;
esac
`;

/** How to connect a network namespace by slirp4netns. @throws {DhowError} `invalid-argument` for unknown options. */
export function planSlirp({ program, runDirectory, config }: SlirpRequest): SlirpPlan {
  const { netns, pidFile, socket, log, ready } = networkFiles(runDirectory);
  const { loopback, settings, cidr } = readOptions(config.options);
  const helper = [
    program,
    "--configure",
    ...(loopback ? [] : ["--disable-host-loopback"]),
    "--ready-fd=3",
    "--netns-type=path",
    ...settings,
    ...(config.ports.length > 0 ? [`--api-socket=${socket}`] : []),
    netns,
    "tap0",
  ];
  return { command: ["sh", "-c", startScript, "sh", ready, pidFile, log, ...helper], network: networkOf(cidr) };
}

interface SlirpOptions {
  readonly loopback: boolean;
  readonly settings: readonly string[];
  readonly cidr: string;
}

/** Podman's options of the driver: `allow_host_loopback=true`, `mtu=`, `cidr=` and so on. */
function readOptions(options: readonly string[]): SlirpOptions {
  const given = new Map(options.map((option) => splitOption(option)));
  const settings: string[] = [`--mtu=${given.get("mtu") ?? "65520"}`];
  for (const [key, value] of given) {
    switch (key) {
      case "allow_host_loopback":
      case "mtu":
        break;
      case "cidr":
        settings.push(`--cidr=${value}`);
        break;
      case "enable_ipv6":
        if (value === "true") settings.push("--enable-ipv6");
        break;
      case "outbound_addr":
      case "outbound_addr6":
        settings.push(`--${key.replace("_", "-")}=${value}`);
        break;
      case "port_handler":
        if (value === "slirp4netns") break;
        throw new DhowError(
          `invalid port_handler for slirp4netns: ${JSON.stringify(value)}: dhow has slirp4netns only`,
          {
            kind: "unsupported",
          },
        );
      default:
        throw new DhowError(`unknown option for slirp4netns: ${JSON.stringify(key)}`, { kind: "invalid-argument" });
    }
  }
  return { loopback: given.get("allow_host_loopback") === "true", settings, cidr: given.get("cidr") ?? "10.0.2.0/24" };
}

function splitOption(option: string): [string, string] {
  const at = option.indexOf("=");
  if (at < 0)
    throw new DhowError(`unknown option for slirp4netns: ${JSON.stringify(option)}`, { kind: "invalid-argument" });
  return [option.slice(0, at), option.slice(at + 1)];
}

function networkOf(cidr: string): SlirpNetwork {
  const prefix = /^(\d+\.\d+\.\d+)\.\d+\/\d+$/.exec(cidr)?.[1];
  if (prefix === undefined) throw new DhowError(`invalid cidr ${JSON.stringify(cidr)}`, { kind: "invalid-argument" });
  return { address: `${prefix}.100`, resolver: `${prefix}.3` };
}
