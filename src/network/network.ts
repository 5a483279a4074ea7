import type { DhowError } from "../errors.ts";
import type { NetworkConfig } from "../model/container-config.ts";
import type { NetworkDefinition, NetworkEndpoint } from "../model/network.ts";

/**
 * How a container gets its network. Single containers: a network namespace that is bound to a file in the run folder,
 * with pasta or slirp4netns behind it; `docs/architecture.md` says why.
 */
export interface NetworkRequest {
  readonly containerId: string;
  readonly config: NetworkConfig;
  /** The container's run folder; files `netns`, `pasta.pid` and the like go here. */
  readonly runDirectory: string;
  /** The other container, for mode `container`. */
  readonly join?: {
    /** Its network namespace, as /proc/PID/ns/net. */
    readonly path: string;
    readonly mode: NetworkConfig["mode"];
  };
  /** Its places in networks, for mode `bridge`. */
  readonly places?: readonly NetworkPlace[];
}

/** A network, and what a container has in it. */
export interface NetworkPlace {
  readonly network: NetworkDefinition & { readonly id: string };
  readonly endpoint: NetworkEndpoint;
}

type Command = readonly [string, ...string[]];

export interface NetworkPlan {
  /** For the runtime spec: no network namespace entry (`host`), a new one (`none`: only loopback), or the one at a path. */
  readonly namespace:
    | { readonly kind: "host" }
    | { readonly kind: "new" }
    | { readonly kind: "path"; readonly path: string };
  /** sh commands (argv arrays) that make the namespace; run in this order before the runtime's `create`. */
  readonly commands: readonly Command[];
  /**
   * Connects the namespace: may run beside the runtime's `create`, and must have ended well before the container's
   * program starts, for it returns when the network is ready.
   */
  readonly connect: Command | undefined;
  /** Connects a namespace that the commands have made with networks; must have ended before the container's program starts. */
  readonly attach?: () => Promise<void>;
  /** Opens published ports that the commands cannot open (slirp4netns); awaited between the commands and the start. */
  readonly publish?: () => Promise<void>;
  /** Why the network cannot be made, given what `commands` or `connect` said when they failed. */
  readonly explain: (output: string) => DhowError;
  /** What `releaseNetwork` needs, as JSON; undefined if there is nothing to release. */
  readonly state: NetworkState | undefined;
  /** Content of the container's /etc/resolv.conf and /etc/hosts; undefined to leave the image's file (or none). */
  readonly resolvConf: string | undefined;
  readonly hosts: (names: { readonly hostname: string; readonly aliases: readonly string[] }) => string | undefined;
}

/** A network that was made for one container; part of its record. */
export interface NetworkState {
  readonly kind: "pasta" | "slirp4netns" | "bridge";
  /** The file that the namespace is bound to. */
  readonly netns: string;
  /** Where the helper's pid is written. */
  readonly pidFile: string;
  /** Of kind `bridge`. */
  readonly endpoints?: readonly NetworkEndpoint[];
}
