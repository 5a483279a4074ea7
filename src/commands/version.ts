import { defineCommand } from "../cli/command.ts";
import { builtAtSeconds, version as dhowVersion } from "../version.ts";

export const version = defineCommand({
  usage: "[options]",
  summary: "Display the version of dhow",
  description: "Displays the version of dhow and of what it runs on.",
  examples: ["dhow version", "dhow version --format json", "dhow version --format '{{.Client.Version}}'"],
  options: {
    format: { type: "string", short: "f", describe: "Change the output format to JSON or a Go template" },
  },
  needsNamespace: false,
  async run({ options: { format } }, { out }) {
    const info = { Client: describeClient() };
    if (format === undefined || format === "") out.write(asText(info.Client));
    else if (/^\s*(?:json|\{\{\s*json\s*\.\s*\}\})\s*$/.test(format)) out.line(JSON.stringify(info));
    else out.write(await render(format, info));
  },
});

type Client = ReturnType<typeof describeClient>;

/** Under podman's names. There is no Go in dhow; scripts that print the field find Node's version there. */
function describeClient() {
  return {
    APIVersion: dhowVersion,
    Version: dhowVersion,
    GoVersion: `none (Node.js ${process.version})`,
    GitCommit: "",
    BuiltTime: builtAtSeconds === 0 ? "" : new Date(builtAtSeconds * 1000).toUTCString(),
    Built: builtAtSeconds,
    OsArch: `${process.platform}/${process.arch === "x64" ? "amd64" : process.arch}`,
    Os: process.platform,
  };
}

function asText({ Version, APIVersion, GoVersion, BuiltTime, OsArch }: Client): string {
  const lines = [
    ["Client:", "dhow"],
    ["Version:", Version],
    ["API Version:", APIVersion],
    ["Go Version:", GoVersion],
    ...(BuiltTime === "" ? [] : [["Built:", BuiltTime]]),
    ["OS/Arch:", OsArch],
  ];
  return lines.map(([name = "", value]) => `${name.padEnd(14)}${value}\n`).join("");
}

async function render(format: string, info: { readonly Client: Client }): Promise<string> {
  const { renderObject } = await import("../cli/format.ts");
  return renderObject({ name: "version", format, dataType: "*define.Version" }, info);
}
