import { defineCommand } from "../../cli/command.ts";
import { attachToContainer } from "../../container/attach.ts";
import { DhowError } from "../../errors.ts";
import { exitCodeOf } from "./exit-code.ts";
import { findTarget, targetOptions } from "./targets.ts";

export const attach = defineCommand({
  usage: "[options] CONTAINER",
  summary: "Attach to a running container",
  description:
    "The attach command allows you to attach to a running container using the container's ID or name, either to view its ongoing output or to control it interactively.",
  examples: ["dhow attach ctrID", "dhow attach --no-stdin mywebserver"],
  options: {
    ...targetOptions,
    "detach-keys": {
      type: "string",
      describe: "Select the key sequence for detaching a container (default ctrl-p,ctrl-q)",
      valueName: "[a-Z]",
    },
    "no-stdin": { type: "boolean", describe: "Do not attach STDIN. The default is false" },
    "sig-proxy": { type: "boolean", default: true, describe: "Proxy received signals to the process" },
  },
  operands: { max: 1, complete: "running-containers" },
  async run({ options, operands }, { engine }) {
    if (operands.length === 0 && !options.latest) {
      throw new DhowError("attach requires the name or id of one running container or the latest flag", {
        kind: "invalid-argument",
      });
    }
    const { record } = await findTarget(engine, { operands, latest: options.latest });
    const { config } = record;
    const end = await attachToContainer(engine, record.id, {
      stdin: config.stdin && !options["no-stdin"],
      stdout: true,
      stderr: true,
      terminal: config.terminal,
      detachKeys: options["detach-keys"] ?? config.detachKeys,
      proxySignals: options["sig-proxy"],
    });
    return exitCodeOf(end);
  },
});
