import { defineCommand } from "../../cli/command.ts";
import { isJsonFormat } from "../listing.ts";
import { artifactJson } from "./artifact-view.ts";

export const inspect = defineCommand({
  usage: "[options] ARTIFACT",
  summary: "Inspect an OCI artifact",
  description: "Shows the manifest of an artifact that is stored locally, given by its name or digest.",
  examples: ["dhow artifact inspect quay.io/myimage/myartifact:latest"],
  options: {
    format: { type: "string", short: "f", default: "json", describe: "Format output using JSON or a Go template" },
  },
  operands: { min: 1, max: 1, complete: "artifacts" },
  async run({ options: { format }, operands: [name = ""] }, { engine, out }) {
    const shown = artifactJson(engine.artifacts.get(name));
    if (format === "" || isJsonFormat(format)) {
      out.line(JSON.stringify(shown, undefined, 5));
      return;
    }
    const { renderRows } = await import("../../cli/format.ts");
    const { artifactTemplateValue } = await import("./template-value.ts");
    const rows = [artifactTemplateValue(shown)];
    const dataType = "*types.ArtifactInspectReport";
    out.write(renderRows({ name: "inspect", format, dataType, headings: {}, noHeading: true }, rows));
  },
});
