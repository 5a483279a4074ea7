import type { Engine } from "../../engine.ts";
import { DhowError } from "../../errors.ts";
import { parseIp } from "../../model/ip-address.ts";
import { hasSharedNamespace } from "../../network/bridge/shared-namespace.ts";
import { publishAllNames } from "./names.ts";
import { sharedDirectory, withNetworks } from "./shared-directory.ts";

export interface ServerChange {
  readonly add: readonly string[];
  readonly drop: readonly string[];
}

/**
 * Changes whom a network asks for names of the world; running containers follow.
 * @throws {DhowError} `not-found`; `invalid-argument` for what is no address.
 */
export async function updateNetwork(engine: Engine, nameOrId: string, { add, drop }: ServerChange): Promise<void> {
  const { name, dnsServers, dns } = engine.networks.get(nameOrId);
  for (const [servers, what] of [[add, "AddDNSServer"] as const, [drop, "RemoveDNSServer"] as const]) {
    const wrong = servers.find((server) => !parseIp(server));
    if (wrong !== undefined) throw invalid(`unable to parse ip ${wrong} specified in ${what}: invalid argument`);
  }
  if (add.length > 0 && !dns) throw invalid(`cannot add DNS servers: network ${name} has its DNS disabled`);
  const servers = [...new Set([...dnsServers.filter((server) => !drop.includes(server)), ...add])];
  engine.networks.update(name, { dnsServers: servers });
  await withNetworks(engine, async () => {
    if (hasSharedNamespace(sharedDirectory(engine))) await publishAllNames(engine);
  });
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
