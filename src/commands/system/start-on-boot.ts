import { defineCommand } from "../../cli/command.ts";
import { startOnBoot, stayDownOnBoot } from "../../container/boot/start-on-boot.ts";

export const startOnBootCommand = defineCommand({
  usage: "[options]",
  summary: "Have containers started after each boot whose restart policy asks for it",
  description:
    "Adds a unit to your systemd that runs 'dhow system restart-containers', and lets your services run without a login. " +
    "Without systemd, adds an @reboot line to your crontab.",
  examples: ["dhow system start-on-boot", "dhow system start-on-boot --off"],
  options: { off: { type: "boolean", describe: "Take it back" } },
  operands: { max: 0 },
  needsNamespace: false,
  async run({ options }, { out }) {
    if (options.off) return stayDownOnBoot();
    const { done, todo } = await startOnBoot();
    out.line(done);
    if (todo !== undefined) out.warn(todo);
  },
});
