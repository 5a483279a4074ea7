import { defineCommand } from "../../cli/command.ts";
import { version as dhowVersion } from "../../version.ts";

export const version = defineCommand({
  usage: "",
  summary: "Show the version of the builder",
  options: {},
  operands: { max: 0 },
  needsNamespace: false,
  run(_, { out }) {
    // Scripts compare it with what `info` calls the version of Buildah.
    out.line(`buildah ${dhowVersion}`);
  },
});
