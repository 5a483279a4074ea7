import { defineCommand } from "../../cli/command.ts";
import { checkName } from "../../container/create.ts";

export const rename = defineCommand({
  usage: "CONTAINER NAME",
  summary: "Rename an existing container",
  description: "The rename command allows you to rename an existing container",
  options: {},
  operands: { min: 2, max: 2, complete: "containers" },
  async run({ operands: [target = "", name = ""] }, { engine }) {
    const { id } = engine.containers.get(target);
    await engine.containers.withLock(id, async () =>
      engine.containers.update(id, { name: checkName(name.replace(/^\//, "")) }),
    );
  },
});
