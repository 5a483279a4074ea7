import { defineCommand } from "../cli/command.ts";
import { formatYaml } from "../cli/yaml.ts";
import { mergeCapabilities } from "../container/capabilities.ts";
import { describeStore } from "../container/store-info.ts";
import { describeRegistries } from "../image/registries-info.ts";
import { describeHost, goArchitecture } from "../rootless/host-info.ts";
import { version } from "../version.ts";

export const info = defineCommand({
  usage: "[options]",
  summary: "Show what dhow knows of this machine and of its own store",
  examples: ["dhow info", "dhow info --format json", "dhow info --format '{{.Store.GraphDriverName}}'"],
  options: {
    format: { type: "string", short: "f", describe: "Print as json or by a Go template", valueName: "string" },
  },
  run({ options: { format } }, { engine, globals, out }) {
    const host = describeHost({ cgroupManager: globals.cgroupManager, runtime: globals.runtime });
    const information = {
      host: { ...host, security: { ...host.security, capabilities: defaultCapabilities() } },
      store: describeStore(engine),
      registries: describeRegistries(),
      plugins: { authorization: null, log: ["k8s-file", "none", "passthrough"], network: [], volume: ["local"] },
      version: describeVersion(),
    };
    if (format === "json") out.line(JSON.stringify(information, undefined, 2));
    else out.write(formatYaml(information));
  },
});

function defaultCapabilities(): string {
  return mergeCapabilities([], [], 40).join(",");
}

function describeVersion() {
  return {
    APIVersion: version,
    Built: 0,
    BuiltTime: "Thu Jan  1 00:00:00 1970",
    GitCommit: "",
    GoVersion: "",
    Os: "linux",
    OsArch: `linux/${goArchitecture()}`,
    Version: version,
  };
}
