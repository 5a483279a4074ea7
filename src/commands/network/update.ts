import { defineCommand } from "../../cli/command.ts";
import { updateNetwork } from "../../container/networks/update.ts";

export const update = defineCommand({
  usage: "[options] NETWORK",
  summary: "Change the DNS servers of a network",
  description: "Changes whom a network asks for names of the world. Running containers follow at once.",
  examples: ["dhow network update backend --dns-add 8.8.8.8,1.1.1.1", "dhow network update backend --dns-drop 8.8.8.8"],
  options: {
    "dns-add": { type: "string", array: true, describe: "Add network level nameservers", valueName: "strings" },
    "dns-drop": { type: "string", array: true, describe: "Remove network level nameservers", valueName: "strings" },
  },
  operands: { min: 1, max: 1, complete: "networks" },
  async run({ options, operands: [network = ""] }, { engine, out }) {
    const split = (values: readonly string[]) => values.flatMap((value) => value.split(","));
    await updateNetwork(engine, network, { add: split(options["dns-add"]), drop: split(options["dns-drop"]) });
    out.line(network);
  },
});
