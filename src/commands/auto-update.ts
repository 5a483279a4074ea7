import { defineCommand } from "../cli/command.ts";
import { autoUpdate, type UpdatedContainer } from "../container/auto-update.ts";
import { showListing } from "./listing.ts";

export const autoUpdateCommand = defineCommand({
  usage: "[options]",
  summary: "Auto update containers according to their auto-update policy",
  description:
    "Replaces running containers with the label io.containers.autoupdate=registry by ones of the registry's newest image of that " +
    "name, and those with io.containers.autoupdate=local by ones of the stored image.",
  examples: ["dhow auto-update", "dhow auto-update --dry-run --format '{{.ContainerName}} {{.Updated}}'"],
  options: {
    authfile: { type: "string", describe: "Path of the authentication file", complete: "files" },
    "dry-run": { type: "boolean", describe: "Check for pending updates" },
    format: { type: "string", describe: "Change the output format to JSON or a Go template" },
    rollback: { type: "boolean", default: true, describe: "Rollback to previous image if update fails" },
    "tls-verify": {
      type: "boolean",
      default: true,
      describe: "Require HTTPS and verify certificates when contacting registries",
    },
  },
  operands: { max: 0 },
  async run({ options, changed }, { engine, out }) {
    const updates = await autoUpdate(engine, {
      ...{ dryRun: options["dry-run"], rollback: options.rollback, authFile: options.authfile },
      tlsVerify: changed("tls-verify") ? options["tls-verify"] : undefined,
      retry: { retries: 3, delayMs: 1000 },
    });
    await showListing(out, {
      name: "auto-update",
      dataType: "containers.autoUpdateOutput",
      rows: updates,
      format: options.format,
      noHeading: false,
      columns: [
        ["UNIT", () => ""],
        ["CONTAINER", containerText],
        ["IMAGE", ({ record }) => record.config.imageName],
        ["POLICY", ({ policy }) => policy],
        ["UPDATED", ({ updated }) => updated],
      ],
      headings: {},
      fields,
      json: fields,
      jsonIndent: 4,
    });
    const failures = updates.flatMap(({ failure }) => (failure === undefined ? [] : [failure]));
    if (failures.length > 0) throw new AggregateError(failures);
  },
});

function containerText({ record }: UpdatedContainer): string {
  return `${record.id.slice(0, 12)} (${record.name})`;
}

function fields(update: UpdatedContainer): object {
  const { record, policy, updated } = update;
  return {
    Unit: "",
    Container: containerText(update),
    ContainerName: record.name,
    ContainerID: record.id,
    Image: record.config.imageName,
    Policy: policy,
    Updated: updated,
  };
}
