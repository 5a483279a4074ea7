import { defineCommand } from "../../cli/command.ts";
import { imageOptions } from "../../cli/options/container/image.ts";
import { resourceOptions } from "../../cli/options/container/resources.ts";
import { cloneContainer } from "../../container/clone.ts";
import { changeResources } from "../../container/config/resources.ts";
import { removeContainer } from "../../container/remove.ts";
import { startContainer } from "../../container/start.ts";
import { DhowError } from "../../errors.ts";
import { ensureImage } from "../../image/ensure-image.ts";
import { parsePullPolicy, readPullFlags } from "../../image/pull-flags.ts";

export const clone = defineCommand({
  usage: "[options] CONTAINER [NAME] [IMAGE]",
  summary: "Clone an existing container",
  description:
    "Creates a copy of a container's configuration: a new container, made from the same image or another one.",
  examples: ["dhow container clone d0cf1f782e2e", "dhow container clone --cpus 2 --run web web-two"],
  options: {
    ...resourceOptions,
    ...imageOptions,
    destroy: { type: "boolean", describe: "Destroy the original container" },
    force: { type: "boolean", short: "f", describe: "Force the existing container to be destroyed" },
    name: { type: "string", describe: "Name of the new container" },
    run: { type: "boolean", describe: "Run the new container" },
  },
  operands: { min: 1, max: 3, complete: "containers" },
  async run({ options, operands, changed }, { engine, out }) {
    const [target = "", nameOperand, image] = operands;
    if (options.force && !options.destroy) throw invalid("cannot set --force without --destroy");
    if (options.name !== undefined && nameOperand !== undefined) {
      throw invalid("cannot use positional name and --name together");
    }
    const original = engine.containers.get(target);
    const other =
      image === undefined
        ? undefined
        : await ensureImage(engine, image, {
            ...readPullFlags(options, changed("tls-verify")),
            policy: parsePullPolicy(options.pull),
          });
    const wasGiven = (name: string) => (changed as (name: string) => boolean)(name);
    const { id } = cloneContainer(engine, original, options.name ?? nameOperand, (config) => ({
      ...config,
      ...(other ? { imageId: other.id, imageName: image ?? config.imageName } : {}),
      resources: changeResources({ flags: options, changed: wasGiven }, config.resources),
    }));
    if (options.destroy) await removeContainer(engine, original.id, { force: options.force });
    if (options.run) await startContainer(engine, id);
    out.line(id);
  },
});

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
