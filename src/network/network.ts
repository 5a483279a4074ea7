import type { NetworkConfig } from "../model/container-config.ts";

/**
 * How a container gets its network. Single containers: a network namespace that is bound to a file in the run folder,
 * with pasta or slirp4netns behind it; `docs/architecture.md` says why.
 */
export interface NetworkRequest {
  readonly containerId: string;
  readonly config: NetworkConfig;
  /** The container's run folder; files `netns`, `pasta.pid` and the like go here. */
  readonly runDirectory: string;
  /** Network namespace of the other container, for mode `container`. */
  readonly joinPath?: string;
}

export interface NetworkPlan {
  /** For the runtime spec: no network namespace entry (`host`), a new one (`none`: only loopback), or the one at a path. */
  readonly namespace: { readonly kind: "host" } | { readonly kind: "new" } | { readonly kind: "path"; readonly path: string };
  /**
   * sh commands (argv arrays) that make the namespace and start the helper; each returns when the network is ready.
   * Run as a batch beside the runtime's `create`, and before `start`. Empty for host, none and container.
   */
  readonly commands: readonly (readonly [string, ...string[]])[];
  /** What `releaseNetwork` needs, as JSON. */
  readonly state: unknown;
  /** Content of the container's /etc/resolv.conf and /etc/hosts; undefined to leave the image's file (or none). */
  readonly resolvConf: string | undefined;
  readonly hosts: (names: { readonly hostname: string; readonly aliases: readonly string[] }) => string | undefined;
}
