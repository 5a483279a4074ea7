import { defineCommand } from "../../cli/command.ts";
import { refreshContainers } from "../../container/refresh.ts";

export const exists = defineCommand({
  usage: "[options] CONTAINER",
  summary: "Check if a container exists in local storage",
  description: "Exits with 0 if the container exists in local storage, with 1 if it does not.",
  examples: ["dhow container exists containerID", "dhow container exists myctr || dhow run --name myctr [etc...]"],
  options: {
    external: { type: "boolean", describe: "Check external storage containers as well as dhow containers" },
  },
  operands: { min: 1, max: 1, complete: "containers" },
  async run({ operands: [container = ""] }, { engine }) {
    const record = engine.containers.find(container);
    return record && (await refreshContainers(engine, [record])).length > 0 ? 0 : 1;
  },
});
