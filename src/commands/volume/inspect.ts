import { defineCommand } from "../../cli/command.ts";
import { aliveContainers } from "../../container/volume-users.ts";
import { DhowError } from "../../errors.ts";
import { describeVolume, type VolumeRow } from "../../volume/list.ts";
import { isJsonFormat } from "../listing.ts";
import { volumeFields, volumeJson } from "./volume-view.ts";

export const inspect = defineCommand({
  usage: "[options] VOLUME [VOLUME...]",
  summary: "Display detailed information on one or more volumes",
  description: "Shows everything about volumes, as JSON or by a Go template.",
  examples: [
    "dhow volume inspect myvol",
    "dhow volume inspect --all",
    'dhow volume inspect -f "{{.Mountpoint}}" myvol',
  ],
  options: {
    all: { type: "boolean", short: "a", describe: "Inspect all volumes" },
    format: { type: "string", short: "f", default: "json", describe: "Format volume output using Go template" },
  },
  operands: { complete: "volumes" },
  async run({ options: { all, format }, operands }, { engine, out }) {
    if (all === operands.length > 0) {
      throw new DhowError("provide one or more volume names or use --all", { kind: "invalid-argument" });
    }
    const names = all ? engine.volumes.list().map(({ name }) => name) : operands;
    const rows: VolumeRow[] = [];
    const failures: unknown[] = [];
    for (const name of names) {
      try {
        rows.push(describeVolume(engine, name, aliveContainers(engine)));
      } catch (error) {
        failures.push(error);
      }
    }
    if (format === "" || isJsonFormat(format)) out.line(JSON.stringify(rows.map(volumeJson), undefined, 5));
    else {
      const { renderObject } = await import("../../cli/format.ts");
      for (const row of rows)
        out.write(renderObject({ name: "inspect", format, dataType: "*define.InspectVolumeData" }, volumeFields(row)));
    }
    if (failures.length > 0) throw new AggregateError(failures);
  },
});
