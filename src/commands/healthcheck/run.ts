import { defineCommand } from "../../cli/command.ts";
import { beatHealthTimer, runHealthCheck } from "../../container/health/run.ts";

export const healthcheckRun = defineCommand({
  usage: "[options] CONTAINER",
  summary: "Run the health check of a container",
  description: "Run the health check of a container",
  examples: ["dhow healthcheck run mywebapp"],
  options: {
    "ignore-result": {
      type: "boolean",
      describe: "Exit with code 0 regardless of healthcheck result or if the container is still in startup period",
    },
    timer: { type: "boolean", hidden: true, describe: "Print the seconds until the next check is due" },
  },
  operands: { min: 1, max: 1, complete: "running-containers" },
  async run({ options, operands: [container = ""] }, { engine, out }) {
    if (options.timer) {
      const nextMs = await beatHealthTimer(engine, container);
      out.line(nextMs === undefined ? "end" : String(nextMs / 1000));
      return 0;
    }
    const verdict = await runHealthCheck(engine, container);
    if (verdict === "healthy") return 0;
    out.line(verdict);
    return options["ignore-result"] ? 0 : 1;
  },
});
