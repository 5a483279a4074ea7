import { defineCommand } from "../../cli/command.ts";
import { toMap } from "../../cli/template/values.ts";
import { membersOf, type NetworkMember } from "../../container/networks/members.ts";
import type { NetworkRecord } from "../../engine.ts";
import { DhowError, isKind } from "../../errors.ts";
import { isJsonFormat } from "../listing.ts";
import { inspectedNetwork, networkFields } from "./network-view.ts";

export const inspect = defineCommand({
  usage: "[options] NETWORK [NETWORK...]",
  summary: "Show everything about networks",
  description: "Shows everything about networks and the containers in them, as JSON or by a Go template.",
  examples: ["dhow network inspect backend", "dhow network inspect -f '{{range .Subnets}}{{.Subnet}}{{end}}' backend"],
  options: {
    format: {
      type: "string",
      short: "f",
      default: "json",
      describe: "Pretty-print network to JSON or using a Go template",
    },
    verbose: { type: "boolean", short: "v", describe: "Show all there is (which is always done)" },
  },
  operands: { min: 1, complete: "networks" },
  async run({ options: { format }, operands }, { engine, out }) {
    const found: { network: NetworkRecord; members: NetworkMember[] }[] = [];
    const failures: unknown[] = [];
    for (const name of operands) {
      try {
        const network = engine.networks.get(name);
        found.push({ network, members: membersOf(engine, network.name) });
      } catch (error) {
        if (!isKind(error, "not-found")) throw error;
        failures.push(new DhowError(`network ${name}: ${error.message}`, { kind: "not-found" }));
      }
    }
    if (format === "" || isJsonFormat(format)) {
      const shown = found.map(({ network, members }) => inspectedNetwork(network, members));
      out.line(JSON.stringify(shown, undefined, 5));
    } else {
      const { renderObject } = await import("../../cli/format.ts");
      const name = "inspect";
      for (const { network, members } of found) {
        const Containers = toMap(Object.fromEntries(members.map((member) => [member.id, memberFields(member)])));
        const fields = { ...networkFields(network), Containers };
        out.write(renderObject({ name, format, dataType: "entities.NetworkInspectReport" }, fields));
      }
    }
    if (failures.length > 0) throw new AggregateError(failures);
  },
});

function memberFields({ name, endpoint }: NetworkMember): object {
  const Subnets = endpoint.addresses.map(({ address, prefix, gateway }) => ({
    ...{ IPNet: `${address}/${prefix}`, Gateway: gateway ?? "" },
  }));
  return { Name: name, Interfaces: toMap({ [endpoint.interfaceName]: { Subnets, MacAddress: endpoint.mac } }) };
}
