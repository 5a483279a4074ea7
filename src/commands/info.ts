import { defineCommand } from "../cli/command.ts";
import { formatYaml } from "../cli/yaml.ts";
import { mergeCapabilities } from "../container/capabilities.ts";
import { describeStore } from "../container/store-info.ts";
import { describeRegistries } from "../image/registries-info.ts";
import { describeHost, goArchitecture } from "../rootless/host-info.ts";
import { builtAtSeconds, version } from "../version.ts";

export const info = defineCommand({
  usage: "[options]",
  summary: "Show what dhow knows of this machine and of its own store",
  examples: ["dhow info", "dhow info --format json", "dhow info --format '{{.Store.GraphDriverName}}'"],
  options: {
    format: { type: "string", short: "f", describe: "Print as json or by a Go template", valueName: "string" },
  },
  async run({ options: { format } }, { engine, globals, out }) {
    const host = describeHost({ cgroupManager: globals.cgroupManager, runtime: globals.runtime });
    const information = {
      // dhow's own builder takes the place of Buildah.
      host: { ...host, buildahVersion: version, security: { ...host.security, capabilities: defaultCapabilities() } },
      store: describeStore(engine),
      registries: describeRegistries(),
      plugins: {
        authorization: null,
        log: ["k8s-file", "json-file", "journald", "none", "passthrough"],
        network: [],
        volume: ["local"],
      },
      version: describeVersion(),
    };
    if (format === undefined || format === "") out.write(formatYaml(information));
    else if (/^\s*(?:json|\{\{\s*json\s*\.\s*\}\})\s*$/.test(format))
      out.line(JSON.stringify(information, undefined, 2));
    else out.write(await render(format, information));
  },
});

async function render(format: string, information: Readonly<Record<string, unknown>>): Promise<string> {
  const { renderObject } = await import("../cli/format.ts");
  const { viewOf } = await import("./info-view.ts");
  const registries = new Map(Object.entries(information.registries as object));
  const data = viewOf({ ...information, registries }) as object;
  return renderObject({ name: "info", format, dataType: "*define.Info" }, data);
}

function defaultCapabilities(): string {
  return mergeCapabilities([], [], 40).join(",");
}

function describeVersion() {
  return {
    APIVersion: version,
    Built: builtAtSeconds,
    BuiltTime: new Date(builtAtSeconds * 1000).toUTCString(),
    GitCommit: "",
    GoVersion: `none (Node.js ${process.version})`,
    Os: "linux",
    OsArch: `linux/${goArchitecture()}`,
    Version: version,
  };
}
