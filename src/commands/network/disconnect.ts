import { defineCommand } from "../../cli/command.ts";
import { disconnectContainer } from "../../container/networks/connect.ts";
import { isKind } from "../../errors.ts";

export const disconnect = defineCommand({
  usage: "[options] NETWORK CONTAINER",
  summary: "Disconnect a container from a network",
  description: "Disconnects a container from a network, at once if it runs.",
  examples: ["dhow network disconnect backend web"],
  options: {
    force: { type: "boolean", short: "f", describe: "Do not mind if the container or the network is gone" },
  },
  operands: { min: 2, max: 2, complete: "networks" },
  async run({ options: { force }, operands: [network = "", container = ""] }, { engine }) {
    try {
      await disconnectContainer(engine, container, network);
    } catch (error) {
      if (!(force && isKind(error, "not-found"))) throw error;
    }
  },
});
