import { defineCommand } from "../../cli/command.ts";
import { restartContainers } from "../../container/boot/restart-containers.ts";

export const restartContainersCommand = defineCommand({
  usage: "",
  summary: "Start the containers whose restart policy asks for it",
  description:
    "Starts containers with --restart=always or unless-stopped that ran before the machine was switched off. " +
    "'dhow system start-on-boot' has it run after each boot.",
  options: {},
  operands: { max: 0 },
  run: (_, { engine, out }) => restartContainers(engine, { onStarted: (id) => out.line(id) }),
});
