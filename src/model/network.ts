/** A user-defined network, with all defaults filled in. Stored as JSON in its record. */
export interface NetworkDefinition {
  readonly name: string;
  /** Of the bridge, in the namespace that all networks of the user share. */
  readonly interfaceName: string;
  readonly subnets: readonly NetworkSubnet[];
  readonly routes: readonly NetworkRoute[];
  readonly ipv6: boolean;
  /** No way out of the network. */
  readonly internal: boolean;
  /** Whether containers find one another by name. */
  readonly dns: boolean;
  /** Whom to ask for names of the world; empty for the host's resolvers. */
  readonly dnsServers: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Of the driver: `mtu`, `isolate`, `metric`, `no_default_route`, `vlan`, `mode`. */
  readonly options: Readonly<Record<string, string>>;
  /** Who gives addresses: dhow, or nobody. */
  readonly ipam: "host-local" | "none";
}

export interface NetworkSubnet {
  /** As `10.89.0.0/24`. */
  readonly subnet: string;
  readonly gateway?: string;
  /** Only these addresses are given out; both ends count. */
  readonly range?: { readonly start: string; readonly end: string };
}

export interface NetworkRoute {
  readonly destination: string;
  readonly gateway: string;
  readonly metric?: number;
}

/** What a container asked for when it was connected to a network. */
export interface NetworkAttachment {
  /** The network's name. */
  readonly name: string;
  readonly ip4?: string;
  readonly ip6?: string;
  readonly mac?: string;
  /** Further names of the container in this network. */
  readonly aliases: readonly string[];
  /** Undefined for the next free `ethN`. */
  readonly interfaceName?: string;
}

/** A container's place in a network while it runs. */
export interface NetworkEndpoint {
  /** The network's name. */
  readonly network: string;
  readonly interfaceName: string;
  readonly mac: string;
  /** One for each subnet. */
  readonly addresses: readonly EndpointAddress[];
}

export interface EndpointAddress {
  readonly address: string;
  readonly prefix: number;
  /** Undefined in a network without a way out and without names. */
  readonly gateway?: string;
}
