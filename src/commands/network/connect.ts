import { defineCommand } from "../../cli/command.ts";
import { checkAlias, readMac } from "../../container/config/networks.ts";
import { connectContainer } from "../../container/networks/connect.ts";
import { DhowError } from "../../errors.ts";
import { parseIp } from "../../model/ip-address.ts";
import type { NetworkAttachment } from "../../model/network.ts";

export const connect = defineCommand({
  usage: "[options] NETWORK CONTAINER",
  summary: "Connect a container to a network",
  description: "Connects a container to a network, at once if it runs.",
  examples: ["dhow network connect backend web", "dhow network connect --alias db --ip 10.89.1.13 backend postgres"],
  options: {
    alias: { type: "string", array: true, describe: "Network scoped alias for container", valueName: "strings" },
    ip: { type: "string", describe: "Set a static ipv4 address for this container network" },
    ip6: { type: "string", describe: "Set a static ipv6 address for this container network" },
    "mac-address": { type: "string", describe: "Set a static mac address for this container network" },
  },
  operands: { min: 2, max: 2, complete: "networks" },
  async run({ options, operands: [network = "", container = ""] }, { engine }) {
    const { alias, ip, ip6, "mac-address": mac } = options;
    const attachment: NetworkAttachment = {
      name: network,
      aliases: alias.flatMap((text) => text.split(",")).map(checkAlias),
      ...(ip === undefined ? {} : { ip4: checkAddress(ip, 4) }),
      ...(ip6 === undefined ? {} : { ip6: checkAddress(ip6, 6) }),
      ...(mac === undefined ? {} : { mac: readMac(mac) }),
    };
    await connectContainer(engine, container, attachment);
  },
});

function checkAddress(text: string, family: 4 | 6): string {
  if (parseIp(text)?.family === family) return text.toLowerCase();
  throw new DhowError(
    `invalid argument ${JSON.stringify(text)} for "--ip${family === 6 ? "6" : ""}": failed to parse IP: invalid argument`,
    { kind: "invalid-argument" },
  );
}
